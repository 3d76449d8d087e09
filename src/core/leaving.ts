// How a channel leaves its application: on through the routing, or into another one.
import { Fault } from '../errors.ts';
import type { Applications } from './applications.ts';
import type { Channel } from './channel.ts';
import type { Extension } from './execution.ts';
import type { Route, Routing } from './routing.ts';

/** What is left out is as it was; without anything it is the next priority, and in another context the extension "s". */
export interface Onward {
  readonly context?: string | undefined;
  readonly exten?: string | undefined;
  readonly priority?: number | undefined;
}

export interface Ways {
  readonly routing: Pick<Routing, 'lookup'>;
  readonly run: (channel: Channel, route: Route, at: Extension) => void;
}

/** Where a channel that has left goes on. An extension has one priority: behind it, or where there is none, the call ends normally. */
export function goOn(channel: Channel, { context, exten, priority }: Onward, ways: Ways, operation?: string): void {
  if (channel.isEnded) return;
  channel.route();
  const here = channel.snapshot.dialplan;
  const isNext = context === undefined && exten === undefined;
  const there = {
    context: context ?? here.context,
    exten: exten ?? (context === undefined ? here.exten : 's'),
    priority: priority ?? (isNext ? here.priority + 1 : 1),
  };
  const found = there.priority === 1 ? ways.routing.lookup(there.context, there.exten) : undefined;
  if (found?.kind !== 'found') return channel.finish(undefined, operation);
  ways.run(channel, found.route, there);
}

/** Fails with a Fault 'not-found' when nobody listens there: the channel stays where it is, and its application is told so. */
export function move(
  channel: Channel,
  destination: string,
  args: readonly string[],
  applications: Pick<Applications, 'find'>,
  operation?: string,
): void {
  const application = applications.find(destination);
  const target = application?.isActive === true ? application : undefined;
  channel.move(target, destination, args, operation);
  if (target === undefined) {
    throw new Fault('not-found', `Nobody listens for the application ${destination}`, {
      code: 'application-not-found',
    });
  }
}
