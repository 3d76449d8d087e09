// The calls of one endpoint, between a stack without a network and a core.
import type { Channel } from '../../../src/core/channel.ts';
import type { ChannelDriver } from '../../../src/core/technology.ts';
import type { PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import { outbound } from '../../../src/technologies/pjsip/outbound.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import { sessions, type Sessions } from '../../../src/technologies/pjsip/sessions.ts';
import type { SipHeader, SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { inAWord, listen, testCore } from '../../support/core.ts';
import { Supplements, supplements } from '../../../src/technologies/pjsip/supplements/index.ts';
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
  /** Where the endpoint is registered. */
  readonly contacts?: readonly string[];
}

export function room({ endpoint: options = {}, limit = 100, isHeard = true, contacts = [] }: RoomOptions = {}) {
  const core = testCore({ default: { _1XXX: { app: 'hello', args: ['a', 'b'] }, s: { app: 'hello', args: [] } } });
  const stack = fakeStack();
  const logged: string[] = [];
  const timers: (() => void)[] = [];
  const clock = {
    now: () => 0,
    after(_: number, run: () => void) {
      timers.push(run);
      return () => void (timers.includes(run) && timers.splice(timers.indexOf(run), 1));
    },
  };
  const objects = resolvePjsip({ endpoint: { foo: { aors: 'foo', ...options } }, aor: { foo: {} } });
  const object = objects.endpoints.get('foo')!;
  let tokens = 0;
  const endpoint = core.endpoints.create({ tech: 'PJSIP', resource: 'foo' });
  endpoint.setState('online');
  const calls: Sessions = sessions({
    core,
    stack,
    objects,
    location: { contacts: () => contacts.map((uri) => ({ id: uri, uri, path: '' })) },
    endpointOf: () => endpoint,
    supplements: new Supplements(
      supplements({
        text: async (request) => void (await request.respond(202)),
        refer: { core, channelOf: (replaces) => calls.replaced(replaces)?.channel, log: () => undefined },
      }),
      (level, text) => void logged.push(`${level}: ${text}`),
    ),
    token: () => `token-${++tokens}`,
    outbound: outbound({ stack, random: (bytes) => Buffer.alloc(bytes) }),
    services: { allow: 'INVITE, ACK' },
    supported: ['timer', '100rel'],
    clock,
    random: () => 0.5,
    log: (level, text) => void logged.push(`${level}: ${text}`),
    limit,
  });
  if (isHeard) core.applications.register('hello', () => undefined);
  const listening = listen(endpoint.topic);
  /** What follows of what was done before is told, too. */
  const heard: typeof listening.heard = async () => {
    await new Promise(setImmediate);
    return listening.heard();
  };
  const handle = (given: Incoming, isKnown: boolean): { received: Received; handled: Promise<void> } => {
    const { request, received } = incoming(given);
    return { received, handled: calls.service.handle(request, isKnown ? { object, endpoint } : undefined) };
  };
  return {
    core,
    stack,
    calls,
    object,
    logged,
    timers,
    heard,
    words: async () => (await heard()).map(inAWord),
    channel: (): Channel => core.channels.list()[0]!,
    /** What the core knows alone. */
    driver: (): ChannelDriver => (core.channels.list()[0] as unknown as { readonly driver: ChannelDriver }).driver,
    /** What comes of it, when it is a call or was refused. */
    async invite(given: Partial<Incoming> = {}): Promise<Received> {
      const parts = { headers: [...call, sdp], body: offer, ...given };
      const { received, handled } = handle({ method: 'INVITE', uri: 'sip:1001@127.0.0.1:5060', ...parts }, true);
      await handled;
      return received;
    },
    raw: (request: SipRequest) => calls.service.handle(request, { object, endpoint }),
    /** Within the dialog of the call, and with the far end's tags unless told otherwise. */
    within: (method: string, given: Partial<Incoming> = {}) =>
      handle({ method, dialogId: 'd', headers: call, ...given }, false).received,
  };
}

/** A room with a call that is up, of which nothing is left to be heard. */
export async function up(options: RoomOptions = {}) {
  const all = room(options);
  const received = await all.invite();
  await all.channel().answer();
  received.ack();
  await all.words();
  return { ...all, received, dialogId: 'dialog-1' };
}
