// How long an application may take for its answer, and what the caller and the application hear when it is not given.
import { received } from '../control/leaders.ts';
import { ourHeader, serialise } from '../message.ts';
import { composeCancel } from './compose-request.ts';
import type { Incoming } from './incoming.ts';
import type { Stack } from './stack.ts';

/** Milliseconds: proxies on the way forget an INVITE of which they hear nothing for three minutes (RFC 3261 13.3.1.1). */
const reminder = 60_000;

/** Starts the wait for the answer: `tooLate` when it does not come in time. */
export function expectAnswer(stack: Stack, incoming: Incoming, tooLate: () => void): void {
  const { answerTime, inviteTime } = stack.settings.limits;
  const ms = incoming.request.method === 'INVITE' ? inviteTime : answerTime;
  incoming.patience = stack.timers.after(ms, tooLate);
}

/** After a provisional response of the application: it is repeated each minute, until the application has said nothing for too long. */
export function keepRinging(stack: Stack, incoming: Incoming, tooLate: () => void): void {
  const { timers, settings } = stack;
  incoming.patience?.cancel();
  const wait = (left: number): void => {
    const pause = Math.min(left, reminder);
    incoming.patience = timers.after(pause, () => {
      if (left <= pause) return tooLate();
      incoming.machine.repeat();
      wait(left - pause);
    });
  };
  wait(settings.limits.ringingTime);
}

/** Tells the application, in the shape of a CANCEL, that its INVITE was refused in its place. */
export function tellOver(stack: Stack, incoming: Incoming, cause: number, text: string, dialogId: string): void {
  const { request, flow, id, owner } = incoming;
  const headers = [ourHeader('Reason', `SIP;cause=${cause};text="${text}"`)];
  const octets = serialise(composeCancel(request, { headers }, flow));
  owner?.notify(received(octets.length, flow, stack.timers.now(), id, dialogId), octets);
}
