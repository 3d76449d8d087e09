// Telephony without protocols: who can be reached, which calls there are, who listens, and where things go.
//
// Objects that must agree call each other's methods; the bus only tells others. The order of the lines below is the
// order of the dependencies. What a technology or a resource of the API needs, it is handed from here.
import { Bus, type BusOptions, type Topic } from '../stasis/index.ts';
import { Applications } from './applications.ts';
import { Bridges, type BridgesParts } from './bridges.ts';
import { Broadcasts } from './broadcasts.ts';
import { Callers } from './callers.ts';
import { Channels, type ChannelsOptions } from './channels.ts';
import { systemClock, type Clock } from './clock.ts';
import { Configuration } from './configuration.ts';
import { DeviceStates } from './device-states.ts';
import { DialApplication } from './dial-application.ts';
import { Dialling } from './dialling.ts';
import { Endpoints } from './endpoints.ts';
import type { Fact } from './facts.ts';
import { LivingChannels } from './living-channels.ts';
import { Mailboxes } from './mailboxes.ts';
import type { MediaEngine } from './media.ts';
import type { MessageSettings } from './message-settings.ts';
import { Messages } from './messages.ts';
import { Originator } from './originate.ts';
import { Referrals } from './referrals.ts';
import { Registrations } from './registrations.ts';
import { Routing, type Contexts } from './routing.ts';
import { Sources } from './sources.ts';
import { Summons } from './summons.ts';
import { Transfers } from './transfers.ts';
import { Variables } from './variables.ts';

export interface Core {
  readonly bus: Bus;
  /** All facts of all technologies: what observability listens to. */
  readonly everything: Topic<Fact>;
  readonly endpoints: Endpoints;
  readonly registrations: Registrations;
  readonly channels: Channels;
  readonly bridges: Bridges;
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
  /** Who makes outbound legs. */
  readonly callers: Callers;
  /** The legs being dialled. */
  readonly dialling: Dialling;
  readonly dialApplication: DialApplication;
  readonly broadcasts: Broadcasts;
  /** Makes calls for applications. */
  readonly originator: Originator;
  readonly transfers: Transfers;
  /** What can be configured at run time. */
  readonly configuration: Configuration;
}

export interface CoreOptions extends BusOptions, Omit<ChannelsOptions, 'now'> {
  readonly messages?: Partial<MessageSettings>;
  readonly clock?: Clock;
  /** Who leads the media of bridges; left out, nobody does. */
  readonly media?: MediaEngine;
  readonly bridges?: BridgesParts['limits'];
  /** From 0 up to 1. */
  readonly random?: () => number;
  /** How many legs may be dialled at once. */
  readonly dials?: number;
}

export function createCore(contexts: Contexts, options: CoreOptions = {}): Core {
  const bus = new Bus(options);
  const everything = bus.topic<Fact>('everything');
  const endpoints = new Endpoints(bus, everything, ({ id }) => {
    applications.endpointGone(id);
    deviceStates.forget(id);
  });
  const channels = new Channels(bus, everything, ({ id }) => applications.channelGone(id), options);
  const { media, now } = options;
  const gone: BridgesParts['gone'] = ({ id }) => applications.bridgeGone(id);
  const bridges = new Bridges({ bus, everything, media, now, gone, limits: options.bridges });
  const deviceStates = new DeviceStates(bus, everything);
  // What belongs to no endpoint is told to those who follow all of them.
  const strayRegistrations = bus.topic<Fact>('registrations');
  strayRegistrations.forward(endpoints.all);
  strayRegistrations.forward(everything);
  const registrations = new Registrations(strayRegistrations);
  const mailboxes = new Mailboxes();
  const variables = new Variables(bus, channels.all, everything);
  const sources: Sources = new Sources({
    ...{ channels, bridges, endpoints, deviceStates },
    messages: { isOpen: (id) => messages.isOpen(id), follow: (id, to) => messages.follow(id, to) },
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
  const told = { bus, everything, endpoints, registrations, channels, bridges, deviceStates, mailboxes, variables };
  const heard = { sources, applications, livingChannels, messages, referrals, summons, routing };
  const calls = callParts({ bus, channels, bridges, applications, summons, routing }, options);
  return { ...told, ...heard, ...calls, configuration };
}

/** What makes calls. */
function callParts(
  core: Pick<Core, 'bus' | 'channels' | 'bridges' | 'applications' | 'summons' | 'routing'>,
  { clock = systemClock, random = Math.random, dials }: CoreOptions,
) {
  const callers = new Callers(core.channels);
  const dialling = new Dialling({ bus: core.bus, clock, limit: dials });
  const dialApplication = new DialApplication({ callers, dialling, clock });
  dialApplication.connectBy(async (...both) => (await core.bridges.connect(...both)).id);
  const broadcasts = new Broadcasts({ applications: core.applications, clock, random });
  const originator = new Originator({ ...core, callers, dialling, dialApplication, broadcasts });
  const transfers = new Transfers({ ...core, dialApplication, broadcasts });
  return { callers, dialling, dialApplication, broadcasts, originator, transfers };
}
