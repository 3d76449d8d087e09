// Telephony without protocols: who can be reached, which calls there are, who listens, and where things go.
//
// Objects that must agree call each other's methods; the bus only tells others. The order of the lines below is the
// order of the dependencies. What a technology or a resource of the API needs, it is handed from here.
import { Bus, type BusOptions, type Topic } from '../stasis/index.ts';
import { Applications } from './applications.ts';
import { Channels } from './channels.ts';
import { Endpoints } from './endpoints.ts';
import type { Fact } from './facts.ts';
import { Messages } from './messages.ts';
import { Routing, type Contexts } from './routing.ts';
import { Sources } from './sources.ts';

export interface Core {
  readonly bus: Bus;
  /** All facts of all technologies: what observability listens to. */
  readonly everything: Topic<Fact>;
  readonly endpoints: Endpoints;
  readonly channels: Channels;
  readonly sources: Sources;
  readonly applications: Applications;
  readonly messages: Messages;
  readonly routing: Routing;
}

export function createCore(contexts: Contexts, options: BusOptions = {}): Core {
  const bus = new Bus(options);
  const everything = bus.topic<Fact>('everything');
  const endpoints = new Endpoints(bus, everything);
  const channels = new Channels(bus, everything, ({ id }) => applications.channelGone(id), options.now);
  const sources = new Sources(channels, endpoints);
  const applications: Applications = new Applications(bus, sources);
  const messages = new Messages(applications);
  const routing = new Routing(contexts, (name) => applications.find(name) !== undefined);
  return { bus, everything, endpoints, channels, sources, applications, messages, routing };
}
