// Keys by INFO (RFC 2976), and what else is an INFO: it is taken when it says nothing, and no other is.
import type { OutgoingRequest, SipMessage } from '../stack.ts';
import type { Supplement } from './supplement.ts';

export interface Key {
  /** 0 to 9, *, #, A to D. */
  readonly digit: string;
  /** In milliseconds. */
  readonly duration: number;
}

/** Whatever is to be told by INFO besides has its place before it. */
export const dtmf: Supplement = {
  name: 'dtmf',
  methods: ['INFO'],

  async incomingRequest({ channel }, info) {
    // RFC 6086 4.2.2: no package is wanted.
    if (info.headers.get('Info-Package') !== undefined)
      return void (await info.respond(469, { headers: [['Recv-Info', 'nil']] }));
    const key = info.body === '' ? 'none' : keyOf(info);
    if (key === 'none') return void (await info.respond(200));
    if (key === 'malformed') return void (await info.respond(400));
    if (key === undefined) return void (await info.respond(415, { headers: [ACCEPT] }));
    const answered = info.respond(200);
    if (channel?.isEnded === false) channel.dtmfReceived(key.digit, key.duration);
    await answered;
  },
};

/** With a 415 (RFC 3261 21.4.13). */
const ACCEPT = ['Accept', 'application/dtmf-relay, application/dtmf'] as const;

/** An INFO that tells a key. */
export const infoOf = ({ digit, duration }: Key): Pick<OutgoingRequest, 'method' | 'headers' | 'body'> => ({
  method: 'INFO',
  headers: [['Content-Type', 'application/dtmf-relay']],
  body: `Signal=${digit}\r\nDuration=${duration}\r\n`,
});

/** As in Asterisk, where none is told. */
const DURATION = 100;

/** Undefined when it tells none; 'malformed' when it tells of a key, but of none that there is. */
export function keyOf({ headers, body }: SipMessage): Key | 'malformed' | undefined {
  const [, type] = /^application\/(dtmf|dtmf-relay)\s*(?:;|$)/i.exec(headers.get('Content-Type') ?? '') ?? [];
  if (type === undefined) return undefined;
  const fields = /relay/i.test(type) ? body : `Signal=${body}`;
  const field = (name: string): string | undefined =>
    new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*(\\S+)[ \\t]*$`, 'im').exec(fields)?.[1];
  const digit = digitOf(field('signal') ?? '');
  const duration = /^\d{1,6}$/.exec(field('duration') ?? '')?.[0];
  return digit === undefined ? 'malformed' : { digit, duration: Number(duration ?? DURATION) };
}

/** The key, or the number of its event (RFC 4733 3.2). */
function digitOf(signal: string): string | undefined {
  if (/^[\d*#A-D]$/i.test(signal)) return signal.toUpperCase();
  return /^1[0-5]$/.test(signal) ? '*#ABCD'[Number(signal) - 10] : undefined;
}
