// Telephony without protocols: who can be reached, which calls there are, who listens, and where things go.
//
// Objects that must agree call each other's methods; the bus only tells others. The order of the lines below is the
// order of the dependencies. What a technology or a resource of the API needs, it is handed from here.
import { Bus, type BusOptions, type Topic } from '../stasis/index.ts';
import { Applications } from './applications.ts';
import { Channels } from './channels.ts';
import type { Clock } from './clock.ts';
import { Configuration } from './configuration.ts';
import { DeviceStates } from './device-states.ts';
import { Endpoints } from './endpoints.ts';
import type { Fact } from './facts.ts';
import { LivingChannels } from './living-channels.ts';
import { Mailboxes } from './mailboxes.ts';
import type { MessageSettings } from './message-settings.ts';
import { Messages } from './messages.ts';
import { Referrals } from './referrals.ts';
import { Registrations } from './registrations.ts';
import { Routing, type Contexts } from './routing.ts';
import { Sources } from './sources.ts';
import { Summons } from './summons.ts';
import { Variables } from './variables.ts';

export interface Core {
  readonly bus: Bus;
  /** All facts of all technologies: what observability listens to. */
  readonly everything: Topic<Fact>;
  readonly endpoints: Endpoints;
  readonly registrations: Registrations;
  readonly channels: Channels;
  readonly deviceStates: DeviceStates;
  readonly mailboxes: Mailboxes;
  readonly variables: Variables;
  readonly sources: Sources;
  readonly applications: Applications;
  readonly livingChannels: LivingChannels;
  readonly messages: Messages;
  readonly referrals: Referrals;
  /** Who is brought for applications that nobody listens for. */
  readonly summons: Summons;
  readonly routing: Routing;
  /** What can be configured at run time. */
  readonly configuration: Configuration;
}

export interface CoreOptions extends BusOptions {
  readonly messages?: Partial<MessageSettings>;
  readonly clock?: Clock;
}

export function createCore(contexts: Contexts, options: CoreOptions = {}): Core {
  const bus = new Bus(options);
  const everything = bus.topic<Fact>('everything');
  const endpoints = new Endpoints(bus, everything, ({ id }) => {
    applications.endpointGone(id);
    deviceStates.forget(id);
  });
  const channels = new Channels(bus, everything, ({ id }) => applications.channelGone(id), options.now);
  const deviceStates = new DeviceStates(bus, everything);
  // What belongs to no endpoint is told to those who follow all of them.
  const strayRegistrations = bus.topic<Fact>('registrations');
  strayRegistrations.forward(endpoints.all);
  strayRegistrations.forward(everything);
  const registrations = new Registrations(strayRegistrations);
  const mailboxes = new Mailboxes();
  const variables = new Variables(bus, channels.all, everything);
  const sources: Sources = new Sources(channels, endpoints, deviceStates, {
    isOpen: (id) => messages.isOpen(id),
    follow: (id, to) => messages.follow(id, to),
  });
  const applications: Applications = new Applications(bus, sources, {
    onInterest: () => messages.hearersChanged(),
  });
  const livingChannels = new LivingChannels({ bus, everything, channels, endpoints, applications });
  const { messages: settings, clock } = options;
  const messages: Messages = new Messages({ bus, everything, applications, endpoints, settings, clock });
  const referrals = new Referrals();
  const summons = new Summons();
  const isReachable = (name: string): boolean => applications.find(name) !== undefined || summons.canReach(name);
  const routing = new Routing(contexts, isReachable);
  const configuration = new Configuration();
  const told = { bus, everything, endpoints, registrations, channels, deviceStates, mailboxes, variables };
  return { ...told, sources, applications, livingChannels, messages, referrals, summons, routing, configuration };
}
