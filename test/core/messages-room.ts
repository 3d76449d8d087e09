// A core whose messages go to a far end that answers as it is told, on a clock that is held.
import { createCore, type Core } from '../../src/core/index.ts';
import type { TextMessage } from '../../src/core/facts.ts';
import type { MessageSettings } from '../../src/core/message-settings.ts';
import type { MessageSnapshot } from '../../src/core/message.ts';
import type { Store } from '../../src/core/store.ts';
import type { TextAttempt, TextOutcome } from '../../src/core/technology.ts';
import { Fault } from '../../src/errors.ts';
import type { EndpointKey } from '../../src/ids.ts';
import { listen } from '../support/core.ts';
import { memoryStore } from '../support/memory-store.ts';
import { testClock, type TestClock } from '../support/test-clock.ts';

export const ok: TextOutcome = { kind: 'delivered', status: 200, reason: 'OK', contact: 'sip:alice@127.0.0.1' };

export interface FarEnd {
  /** What was sent to it, as "address: body". */
  readonly got: string[];
  readonly attempts: TextAttempt[];
  /** Without a contact there is no attempt. */
  isReachable: boolean;
  answer: (address: string, text: TextMessage) => TextOutcome | Promise<TextOutcome>;
}

export interface MessagesRoom {
  readonly core: Core;
  readonly clock: TestClock;
  readonly store: Store;
  readonly farEnd: FarEnd;
  readonly alice: ReturnType<Core['endpoints']['create']>;
  /** Each state that was told since the last call, as "body: state". */
  told(): Promise<string[]>;
  /** A message of alice, as it comes from her telephone. */
  receive(body: string, more?: { key?: string; recipient?: string; expiresAt?: number }): Promise<string>;
  send(body: string, more?: { to?: string; from?: string; key?: string; expires?: number }): Promise<MessageSnapshot>;
  /** Another process on the same store, after this one was killed. */
  restarted(): Promise<MessagesRoom>;
}

/** Lets everything happen that needs no time to pass. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

export interface MessagesRoomOptions {
  readonly settings?: Partial<MessageSettings>;
  readonly store?: Store;
  readonly clock?: TestClock;
}

export async function messagesRoom(options: MessagesRoomOptions = {}): Promise<MessagesRoom> {
  const { store = memoryStore(), clock = testClock(), settings = {} } = options;
  const farEnd: FarEnd = { got: [], attempts: [], isReachable: true, answer: () => ok };
  const core = createCore({}, { freeze: true, now: () => clock.now(), clock, messages: settings });
  const states = listen(core.everything);
  const keyOf = (address: string): EndpointKey => ({ tech: 'PJSIP', resource: address });
  core.messages.addSender({
    scheme: 'pjsip',
    recipient(address) {
      if (core.endpoints.find(keyOf(address)) === undefined) throw new Fault('not-found', 'nobody');
      return { endpoint: keyOf(address), isReachable: farEnd.isReachable };
    },
    async deliver(address, text, attempt) {
      farEnd.attempts.push(attempt);
      farEnd.got.push(`${address}: ${text.body}`);
      attempt.onSent(`sip:${address}@127.0.0.1`);
      return farEnd.answer(address, text);
    },
  });
  const alice = core.endpoints.create(keyOf('alice'));
  core.endpoints.create(keyOf('bob'));
  await core.messages.load(store);
  core.messages.open();
  return {
    ...{ core, clock, store, farEnd, alice },
    async told() {
      await settled();
      return (await states.heard()).flatMap((fact) =>
        fact.type === 'MessageChanged' ? `${fact.message.text.body}: ${fact.message.state}` : [],
      );
    },
    receive(body, { key = body, recipient = 'hello', expiresAt } = {}) {
      const text = { from: '"Alice" <sip:alice@127.0.0.1>', to: `pjsip:${recipient}@127.0.0.1`, body, variables: {} };
      const more = expiresAt === undefined ? {} : { expiresAt };
      return core.messages.receive({ endpoint: alice, text, key, recipient, scheme: 'pjsip', ...more });
    },
    send(body, { to = 'pjsip:alice', from = 'sip:app@127.0.0.1', ...more } = {}) {
      return core.messages.send({ text: { from, to, body, variables: {} }, ...more });
    },
    restarted: () => {
      core.messages.stop();
      return messagesRoom({ ...options, store, clock });
    },
  };
}
