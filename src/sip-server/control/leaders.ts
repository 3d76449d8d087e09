// The tokens that describe a SIP message to an application: how large, by which transport, from where, when, and what it belongs to.
import type { Flow, Place, Protocol } from '../transport/flow.ts';

type Tokens = (string | number)[];

const digits = (value: number, count: number): string => String(value).padStart(count, '0');

/** "17:05:09.123000", UTC. */
function timeOfDay(now: number): string {
  const ms = Math.floor(now) % 86_400_000;
  const seconds = Math.floor(ms / 1_000);
  const time = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map((each) =>
    digits(each, 2),
  );
  return `${time.join(':')}.${digits(ms % 1_000, 3)}000`;
}

const described = (size: number, protocol: Protocol | 'unknown', place: Place | undefined, now: number): Tokens => [
  size,
  protocol,
  place?.address ?? '',
  place?.port ?? 0,
  timeOfDay(now),
];

/** A request or response from the network. */
export const received = (size: number, flow: Flow, now: number, transaction: string, dialog: string): Tokens => [
  'network',
  ...described(size, flow.protocol, flow.remote, now),
  transaction,
  dialog,
];

/** A response that never came and is made up here. */
export const fabricated = (
  protocol: Protocol | 'unknown',
  now: number,
  transaction: string,
  dialog: string,
): Tokens => ['network', ...described(0, protocol, undefined, now), transaction, dialog];

/** A request that the server sent by itself. */
export const unsolicited = (
  size: number,
  exit: Pick<Flow, 'protocol' | 'local'>,
  now: number,
  dialog: string,
): Tokens => ['application', ...described(size, exit.protocol, exit.local, now), 'unsolicited', dialog];

/** The reply to a command that sent a request. */
export const requestSent = (size: number, flow: Flow, now: number, transaction: string): Tokens => [
  'OK',
  'application',
  ...described(size, flow.protocol, flow.local, now),
  transaction,
  'Msg sent:',
  '',
];

/** The same, for a request whose host name has no address. */
export const requestNotSent = (now: number, transaction: string): Tokens => [
  'OK',
  'application',
  ...described(0, 'unknown', undefined, now),
  transaction,
  'Msg sent:',
  '',
];

/** The reply to a "proxy" command for each final response; one that never came has no flow. */
export const proxied = (size: number, flow: Flow | undefined, now: number): Tokens => [
  'OK',
  'network',
  ...described(size, flow?.protocol ?? 'unknown', flow?.remote, now),
  '',
  '',
  'continue',
];

/** The reply to a command that sent a response. */
export const responseSent = (size: number, flow: Flow, now: number, transaction: string, dialog: string): Tokens => [
  'OK',
  'application',
  ...described(size, flow.protocol, flow.remote, now),
  transaction,
  dialog,
  '',
  'Msg sent:',
  '',
];
