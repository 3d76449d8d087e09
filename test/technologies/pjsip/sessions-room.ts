// The calls of one endpoint, between a stack without a network and a core.
import type { Channel } from '../../../src/core/channel.ts';
import type { PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import { outbound } from '../../../src/technologies/pjsip/outbound.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import { sessions } from '../../../src/technologies/pjsip/sessions.ts';
import type { SipHeader, SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { inAWord, listen, testCore } from '../../support/core.ts';
import { fakeStack, type Incoming, type Received } from '../../support/fake-stack.ts';
import { incoming } from './request.ts';

/** Of one codec, ulaw. */
export const offer =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';
export const sdp: SipHeader = ['Content-Type', 'application/sdp'];
/** What names the call, as the far end writes it. */
export const call: readonly SipHeader[] = [
  ['Call-ID', 'c1@h'],
  ['From', '<sip:foo@127.0.0.1>;tag=theirs'],
];

export interface RoomOptions {
  readonly endpoint?: NonNullable<PjsipConfig['endpoint']>[string];
  readonly limit?: number;
  readonly isHeard?: boolean;
}

export function room({ endpoint: options = {}, limit = 100, isHeard = true }: RoomOptions = {}) {
  const core = testCore({ default: { _1XXX: { app: 'hello', args: ['a', 'b'] }, s: { app: 'hello', args: [] } } });
  const stack = fakeStack();
  const logged: string[] = [];
  const timers: (() => void)[] = [];
  const clock = {
    now: () => 0,
    after(_: number, run: () => void) {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
  };
  const object = resolvePjsip({ endpoint: { foo: options } }).endpoints.get('foo')!;
  const endpoint = core.endpoints.create({ tech: 'PJSIP', resource: 'foo' });
  endpoint.setState('online');
  const calls = sessions({
    core,
    stack,
    outbound: outbound({ stack, random: (bytes) => Buffer.alloc(bytes) }),
    services: { allow: 'INVITE, ACK' },
    supported: ['timer'],
    clock,
    random: () => 0.5,
    log: (level, text) => void logged.push(`${level}: ${text}`),
    limit,
  });
  if (isHeard) core.applications.register('hello', () => undefined);
  const { heard } = listen(endpoint.topic);
  const handle = (given: Incoming, isKnown: boolean): { received: Received; handled: Promise<void> } => {
    const { request, received } = incoming(given);
    return { received, handled: calls.service.handle(request, isKnown ? { object, endpoint } : undefined) };
  };
  return {
    core,
    stack,
    calls,
    logged,
    timers,
    heard,
    words: async () => (await heard()).map(inAWord),
    channel: (): Channel => core.channels.list()[0]!,
    invite: (given: Partial<Incoming> = {}) =>
      handle(
        {
          method: 'INVITE',
          uri: 'sip:1001@127.0.0.1:5060',
          headers: [...call, sdp],
          body: offer,
          ...given,
        },
        true,
      ).received,
    raw: (request: SipRequest) => calls.service.handle(request, { object, endpoint }),
    /** Within the dialog of the call, and with the far end's tags unless told otherwise. */
    within: (method: string, given: Partial<Incoming> = {}) =>
      handle({ method, dialogId: 'd', headers: call, ...given }, false).received,
  };
}

/** A room with a call that is up, of which nothing is left to be heard. */
export async function up(options: RoomOptions = {}) {
  const all = room(options);
  const received = all.invite();
  await all.channel().answer();
  received.ack();
  await all.words();
  return { ...all, received, dialogId: 'dialog-1' };
}
