// A channel's way through its route: what runs there, told as its position, and the end where nothing takes the call.
import type { Applications } from './applications.ts';
import type { Broadcasts } from './broadcasts.ts';
import { NORMAL_CLEARING } from './causes.ts';
import type { Channel } from './channel.ts';
import type { DialApplication } from './dial-application.ts';
import type { DialplanPosition } from './facts.ts';
import type { Route, Routing, StasisRoute } from './routing.ts';
import type { Summons } from './summons.ts';

export interface StasisDestinations {
  readonly applications: Applications;
  readonly summons: Summons;
}

export interface Destinations extends StasisDestinations {
  readonly broadcasts: Broadcasts;
  readonly dialApplication: DialApplication;
}

/** Where in the routing. */
export type Extension = Pick<DialplanPosition, 'context' | 'exten' | 'priority'>;

/** Of a call that its routing has no place for, or that nobody takes: nobody has said a cause. */
const NO_CAUSE = 0;
const FIRST = 1;

/** Runs what the route names, at the extension where the channel is, or at that one. */
export function run(channel: Channel, route: Route, destinations: Destinations, at?: Extension): void {
  channel.route();
  channel.setDialplan({ ...at, ...positionOf(route) });
  if ('dial' in route) destinations.dialApplication.run(channel, route);
  else if ('broadcast' in route) broadcast(channel, route, destinations);
  else stasis(channel, route, destinations);
}

/** What Asterisk shows as the application and its arguments. */
export function positionOf(route: Route): Pick<DialplanPosition, 'appName' | 'appData'> {
  if ('dial' in route) {
    const { dial, timeout } = route;
    const appData = [dial.join('&'), ...(timeout === undefined ? [] : [Math.ceil(timeout / 1_000)])].join(',');
    return { appName: 'Dial', appData };
  }
  if ('broadcast' in route) {
    const { apps, timeout, args } = route.broadcast;
    return { appName: 'StasisBroadcast', appData: [timeout, apps.source, args.join(':')].join(',') };
  }
  return { appName: 'Stasis', appData: [route.app, ...route.args].join(',') };
}

/**
 * Leads a channel that has not been on its way through the routing to an extension. Where there is none, it is hung up, and
 * that is told as Asterisk tells it.
 */
export function lead(
  channel: Channel,
  at: Extension,
  destinations: Destinations & { readonly routing: Pick<Routing, 'lookup'> },
): void {
  const found = destinations.routing.lookup(at.context, at.exten);
  if (found.kind === 'found' && at.priority === FIRST) return run(channel, found.route, destinations, at);
  const { snapshot } = channel;
  channel.topic.publish({ type: 'ChannelHangupRequested', channel: snapshot, cause: NORMAL_CLEARING, soft: true });
  channel.setDialplan(at);
  channel.finish(NO_CAUSE);
}

/**
 * Enters the application. Where nobody listens for it, but someone can be brought, the channel waits as it is. Without
 * anyone it is not taken: STASISSTATUS is FAILED, and since nothing else is routed, the call is declined.
 */
export function stasis(channel: Channel, { app, args }: StasisRoute, destinations: StasisDestinations): void {
  const { applications, summons } = destinations;
  channel.setVariable('STASISSTATUS', '');
  const application = applications.find(app);
  if (application?.isActive) return channel.enter(application, args);
  const summoned = summons.summon(app, channel);
  if (summoned === undefined) return decline(channel, 'FAILED');
  void summoned.then((found) => {
    if (channel.isEnded) return;
    if (found === undefined) decline(channel, 'FAILED');
    else channel.enter(found, args);
  });
}

function broadcast(
  channel: Channel,
  { broadcast: settings }: Extract<Route, { broadcast: unknown }>,
  { broadcasts }: Destinations,
): void {
  channel.setVariable('STASISSTATUS', '');
  void broadcasts.broadcast(channel, settings).then((claimed) => {
    if (channel.isEnded) return;
    if (typeof claimed === 'string') decline(channel, claimed);
    else channel.enter(claimed, settings.args);
  });
}

function decline(channel: Channel, status: 'FAILED' | 'TIMEOUT'): void {
  channel.setVariable('STASISSTATUS', status);
  channel.finish(channel.isRouted ? NORMAL_CLEARING : NO_CAUSE);
}
