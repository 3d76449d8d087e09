// The state machine of an inbound call: each arm by a table, and what holds whatever comes by random inputs.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CANCELLED, step, type Effect, type Input, type Session } from '../../../src/technologies/pjsip/session.ts';

const begin: Session = { kind: 'incoming' };
const ring: Input = { kind: 'ring' };
const answer: Input = { kind: 'answer', isOffering: false };
const offer: Input = { kind: 'answer', isOffering: true };
const ack: Input = { kind: 'ack', isAnswered: false };
const ackWithAnswer: Input = { kind: 'ack', isAnswered: true };
const cancel: Input = { kind: 'cancel' };
const bye: Input = { kind: 'bye', far: { cause: 17 } };
const closed: Input = { kind: 'closed' };
const info: Input = { kind: 'info', status: 415 };
const key: Input = { kind: 'info', status: 200, key: { digit: '7', duration: 160 } };
const hangup = (cause: number): Input => ({ kind: 'hangup', cause });
const reInvite = (media: 'answer' | 'offer' | 'unsupported' | 'unacceptable'): Input => ({ kind: 're-INVITE', media });
const update = (media: 'answer' | 'none' | 'unacceptable'): Input => ({ kind: 'update', media });
const lost: Input = { kind: 'lost', far: { cause: 38 } };

function play(inputs: readonly Input[]): { readonly session: Session; readonly effects: readonly Effect[] } {
  let session = begin;
  const effects: Effect[] = [];
  for (const input of inputs) {
    const [next, ...done] = step(session, input);
    session = next;
    effects.push(...done);
  }
  return { session, effects };
}

/** An effect in a word. */
function inAWord(effect: Effect): string {
  switch (effect.kind) {
    case 'respond':
    case 'reply':
      return `${effect.kind} ${effect.status}${effect.hasSdp ? ' with SDP' : ''}`;
    case 'bye':
      return `BYE ${effect.cause}`;
    case 'key':
      return `key ${effect.key.digit}`;
    case 'hung-up':
      return `hung up ${JSON.stringify(effect.far)}`;
  }
}

interface Case {
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly effects: readonly string[];
  readonly ends: Session['kind'];
}

const cancelled = `hung up ${JSON.stringify(CANCELLED)}`;
const answered = [answer, ack];
const cases: readonly Case[] = [
  {
    name: 'rings, as often as it is told',
    inputs: [ring, ring],
    effects: ['respond 180', 'respond 180'],
    ends: 'ringing',
  },
  {
    name: 'is up when the ACK is here',
    inputs: [ring, ...answered],
    effects: ['respond 180', 'respond 200 with SDP'],
    ends: 'up',
  },
  { name: 'is not up before', inputs: [answer], effects: ['respond 200 with SDP'], ends: 'answering' },
  { name: 'is answered once', inputs: [answer, answer, ack, answer], effects: ['respond 200 with SDP'], ends: 'up' },
  {
    name: 'does not ring once it is answered',
    inputs: [answer, ring, ack, ring],
    effects: ['respond 200 with SDP'],
    ends: 'up',
  },
  {
    name: 'is refused by the cause',
    inputs: [ring, hangup(17)],
    effects: ['respond 180', 'respond 486'],
    ends: 'ended',
  },
  { name: 'is declined without a code for it', inputs: [hangup(16)], effects: ['respond 603'], ends: 'ended' },
  { name: 'is cancelled', inputs: [ring, cancel], effects: ['respond 180', cancelled], ends: 'ended' },
  {
    name: 'is cancelled while the 200 is on its way',
    inputs: [answer, cancel, lost],
    effects: ['respond 200 with SDP', cancelled],
    ends: 'ended',
  },
  {
    name: 'ends when it cannot be answered',
    inputs: [answer, lost],
    effects: ['respond 200 with SDP', 'hung up {"cause":38}'],
    ends: 'ended',
  },
  {
    name: 'ends when it cannot even ring',
    inputs: [ring, lost],
    effects: ['respond 180', 'hung up {"cause":38}'],
    ends: 'ended',
  },
  {
    name: 'says BYE',
    inputs: [...answered, hangup(16), closed],
    effects: ['respond 200 with SDP', 'BYE 16'],
    ends: 'ended',
  },
  {
    name: 'says no BYE before the ACK',
    inputs: [answer, hangup(21)],
    effects: ['respond 200 with SDP'],
    ends: 'answering',
  },
  {
    name: 'but then, for the first cause',
    inputs: [answer, hangup(21), hangup(16), ack],
    effects: ['respond 200 with SDP', 'BYE 21'],
    ends: 'ending',
  },
  {
    name: 'is hung up by the far end',
    inputs: [...answered, bye],
    effects: ['respond 200 with SDP', 'reply 200', 'hung up {"cause":17}'],
    ends: 'ended',
  },
  {
    name: 'also before the ACK',
    inputs: [answer, bye],
    effects: ['respond 200 with SDP', 'reply 200', 'hung up {"cause":17}'],
    ends: 'ended',
  },
  {
    name: 'also while it rings',
    inputs: [ring, bye],
    effects: ['respond 180', 'reply 200', 'respond 487', 'hung up {"cause":17}'],
    ends: 'ended',
  },
  {
    name: 'is hung up by both at once',
    inputs: [...answered, hangup(16), bye, closed],
    effects: ['respond 200 with SDP', 'BYE 16', 'reply 200'],
    ends: 'ended',
  },
  {
    name: 'has its offer answered by the ACK',
    inputs: [offer, ackWithAnswer],
    effects: ['respond 200 with SDP'],
    ends: 'up',
  },
  {
    name: 'ends without an answer to its offer',
    inputs: [offer, ack, closed],
    effects: ['respond 200 with SDP', 'BYE 58', 'hung up {"cause":58}'],
    ends: 'ended',
  },
  {
    name: 'takes a re-INVITE',
    inputs: [...answered, reInvite('answer'), ack],
    effects: ['respond 200 with SDP', 'reply 200 with SDP'],
    ends: 'up',
  },
  {
    name: 'one at a time',
    inputs: [...answered, reInvite('answer'), reInvite('answer')],
    effects: ['respond 200 with SDP', 'reply 200 with SDP', 'reply 491'],
    ends: 'renegotiating',
  },
  {
    name: 'offers when a re-INVITE does not',
    inputs: [...answered, reInvite('offer'), ackWithAnswer],
    effects: ['respond 200 with SDP', 'reply 200 with SDP'],
    ends: 'up',
  },
  {
    name: 'and ends without an answer to that',
    inputs: [...answered, reInvite('offer'), ack],
    effects: ['respond 200 with SDP', 'reply 200 with SDP', 'BYE 58', 'hung up {"cause":58}'],
    ends: 'ending',
  },
  {
    name: 'stays as it was after a re-INVITE that is refused',
    inputs: [...answered, reInvite('unacceptable'), reInvite('unsupported')],
    effects: ['respond 200 with SDP', 'reply 488', 'reply 415'],
    ends: 'up',
  },
  {
    name: 'may be hung up during a re-INVITE',
    inputs: [...answered, reInvite('answer'), hangup(16)],
    effects: ['respond 200 with SDP', 'reply 200 with SDP', 'BYE 16'],
    ends: 'ending',
  },
  {
    name: 'takes no re-INVITE before it is answered',
    inputs: [ring, reInvite('answer')],
    effects: ['respond 180', 'reply 500'],
    ends: 'ringing',
  },
  {
    name: 'nor before the ACK',
    inputs: [answer, reInvite('answer')],
    effects: ['respond 200 with SDP', 'reply 491'],
    ends: 'answering',
  },
  {
    name: 'takes an UPDATE',
    inputs: [...answered, update('answer'), update('none'), update('unacceptable')],
    effects: ['respond 200 with SDP', 'reply 200 with SDP', 'reply 200', 'reply 488'],
    ends: 'up',
  },
  {
    name: 'but no offer in one while the first is open',
    inputs: [ring, update('answer'), update('none')],
    effects: ['respond 180', 'reply 500', 'reply 200'],
    ends: 'ringing',
  },
  {
    name: 'nor while its own is',
    inputs: [offer, update('answer'), update('none')],
    effects: ['respond 200 with SDP', 'reply 491', 'reply 200'],
    ends: 'answering',
  },
  {
    name: 'answers an INFO',
    inputs: [ring, info, ...answered, info],
    effects: ['respond 180', 'reply 415', 'respond 200 with SDP', 'reply 415'],
    ends: 'up',
  },
  {
    name: 'tells a key, before and after it is answered',
    inputs: [key, answer, key, ack, key],
    effects: ['reply 200', 'key 7', 'respond 200 with SDP', 'reply 200', 'key 7', 'reply 200', 'key 7'],
    ends: 'up',
  },
  {
    name: 'knows nothing once it is over',
    inputs: [hangup(16), bye, key, update('none'), reInvite('answer')],
    effects: ['respond 603', 'reply 481', 'reply 481', 'reply 481', 'reply 481'],
    ends: 'ended',
  },
];

describe('a session', () => {
  test.each(cases)('$name', ({ inputs, effects, ends }) => {
    const played = play(inputs);
    expect(played.effects.map(inAWord)).toEqual(effects);
    expect(played.session.kind).toBe(ends);
  });
});

const media = fc.constantFrom('answer', 'offer', 'none', 'unsupported', 'unacceptable');
const anything: fc.Arbitrary<Input> = fc.oneof(
  fc.constantFrom(ring, ack, ackWithAnswer, cancel, bye, closed, info, key, lost),
  fc.record({ kind: fc.constant('answer'), isOffering: fc.boolean() }),
  fc.record({ kind: fc.constant('hangup'), cause: fc.integer({ min: 0, max: 127 }) }),
  fc.record({ kind: fc.constantFrom('re-INVITE', 'update'), media }),
);
const isRequest = ({ kind }: Input): boolean => ['bye', 'info', 'update', 're-INVITE'].includes(kind);

describe('whatever comes', () => {
  test('the INVITE gets no second final response, there is no second BYE, and the channel is told once', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 30 }), (inputs) => {
        const { effects } = play(inputs);
        const finals = effects.filter((effect) => effect.kind === 'respond' && effect.status >= 200);
        expect(finals.length).toBeLessThanOrEqual(1);
        expect(effects.filter(({ kind }) => kind === 'bye').length).toBeLessThanOrEqual(1);
        expect(effects.filter(({ kind }) => kind === 'hung-up').length).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('each request is answered, once, and nothing else is', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 30 }), anything, (inputs, last) => {
        const [, ...effects] = step(play(inputs).session, last);
        expect(effects.filter(({ kind }) => kind === 'reply')).toHaveLength(isRequest(last) ? 1 : 0);
      }),
    );
  });

  test('it can be ended', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 30 }), (inputs) => {
        expect(play([...inputs, hangup(16), ack, closed]).session).toEqual({ kind: 'ended' });
      }),
    );
  });
});
