// The state machine of an inbound call: each arm by a table.
import { describe, expect, test } from 'vitest';
import { CANCELLED } from '../../../src/technologies/pjsip/session-steps.ts';
import type { Input, Session } from '../../../src/technologies/pjsip/session.ts';
import { inAWord, playFrom } from './session-play.ts';

const begin: Session = { kind: 'incoming' };
const ring: Input = { kind: 'ring' };
const answer: Input = { kind: 'answer', isOffering: false };
const offer: Input = { kind: 'answer', isOffering: true };
const ack: Input = { kind: 'ack', isAnswered: false };
const ackWithAnswer: Input = { kind: 'ack', isAnswered: true };
const cancel: Input = { kind: 'cancel', far: CANCELLED };
const bye: Input = { kind: 'bye', far: { cause: 17 } };
const closed: Input = { kind: 'closed' };
const other: Input = { kind: 'other' };
const hangup = (cause: number): Input => ({ kind: 'hangup', cause });
const reInvite: Input = { kind: 're-INVITE', media: 'offer' };
const unsupported: Input = { kind: 're-INVITE', media: 'unsupported' };
const update = (media: 'offer' | 'none'): Input => ({ kind: 'update', media });
const prack = (media: 'offer' | 'none'): Input => ({ kind: 'prack', media });
const considered = (status: number, isOffering = false): Input => ({ kind: 'considered', status, isOffering });
const lost: Input = { kind: 'lost', far: { cause: 38 } };

const play = (inputs: readonly Input[]) => playFrom(begin, inputs);

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
    ends: 'early',
  },
  {
    name: 'is up when the ACK is here',
    inputs: [ring, ...answered],
    effects: ['respond 180', 'respond 200'],
    ends: 'up',
  },
  { name: 'is not up before', inputs: [answer], effects: ['respond 200'], ends: 'answering' },
  { name: 'is answered once', inputs: [answer, answer, ack, answer], effects: ['respond 200'], ends: 'up' },
  {
    name: 'does not ring once it is answered',
    inputs: [answer, ring, ack, ring],
    effects: ['respond 200'],
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
    effects: ['respond 200', cancelled],
    ends: 'ended',
  },
  {
    name: 'ends when it cannot be answered',
    inputs: [answer, lost],
    effects: ['respond 200', 'hung up {"cause":38}'],
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
    effects: ['respond 200', 'BYE 16'],
    ends: 'ended',
  },
  {
    name: 'says no BYE before the ACK',
    inputs: [answer, hangup(21)],
    effects: ['respond 200'],
    ends: 'answering',
  },
  {
    name: 'but then, for the first cause',
    inputs: [answer, hangup(21), hangup(16), ack],
    effects: ['respond 200', 'BYE 21'],
    ends: 'ending',
  },
  {
    name: 'is hung up by the far end',
    inputs: [...answered, bye],
    effects: ['respond 200', 'reply 200', 'hung up {"cause":17}'],
    ends: 'ended',
  },
  {
    name: 'also before the ACK',
    inputs: [answer, bye],
    effects: ['respond 200', 'reply 200', 'hung up {"cause":17}'],
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
    effects: ['respond 200', 'BYE 16', 'reply 200'],
    ends: 'ended',
  },
  {
    name: 'has its offer answered by the ACK',
    inputs: [offer, ackWithAnswer],
    effects: ['respond 200'],
    ends: 'up',
  },
  {
    name: 'ends without an answer to its offer',
    inputs: [offer, ack, closed],
    effects: ['respond 200', 'BYE 58', 'hung up {"cause":58}'],
    ends: 'ended',
  },
  {
    name: 'takes a re-INVITE',
    inputs: [...answered, reInvite, considered(200), ack],
    effects: ['respond 200', 'consider', 'reply 200'],
    ends: 'up',
  },
  {
    name: 'one at a time',
    inputs: [...answered, reInvite, reInvite, considered(200), reInvite],
    effects: ['respond 200', 'consider', 'reply 500', 'reply 200', 'reply 491'],
    ends: 'renegotiating',
  },
  {
    name: 'offers when a re-INVITE does not',
    inputs: [...answered, { kind: 're-INVITE', media: 'none' }, considered(200, true), ackWithAnswer],
    effects: ['respond 200', 'consider', 'reply 200'],
    ends: 'up',
  },
  {
    name: 'and ends without an answer to that',
    inputs: [...answered, reInvite, considered(200, true), ack],
    effects: ['respond 200', 'consider', 'reply 200', 'BYE 58', 'hung up {"cause":58}'],
    ends: 'ending',
  },
  {
    name: 'stays as it was after a re-INVITE that is refused',
    inputs: [...answered, reInvite, considered(488), unsupported],
    effects: ['respond 200', 'consider', 'reply 488', 'reply 415'],
    ends: 'up',
  },
  {
    name: 'and after one whose answer could not be sent',
    inputs: [...answered, reInvite, considered(200), { kind: 'unsent' }],
    effects: ['respond 200', 'consider', 'reply 200'],
    ends: 'up',
  },
  {
    name: 'may be hung up during a re-INVITE',
    inputs: [...answered, reInvite, considered(200), hangup(16)],
    effects: ['respond 200', 'consider', 'reply 200', 'BYE 16'],
    ends: 'ending',
  },
  {
    name: 'also before that is answered, which then says so',
    inputs: [...answered, reInvite, hangup(16), considered(200), closed],
    effects: ['respond 200', 'consider', 'BYE 16', 'reply 487'],
    ends: 'ended',
  },
  {
    name: 'takes no re-INVITE before it is answered',
    inputs: [ring, reInvite],
    effects: ['respond 180', 'reply 500'],
    ends: 'early',
  },
  {
    name: 'nor before the ACK',
    inputs: [answer, reInvite],
    effects: ['respond 200', 'reply 491'],
    ends: 'answering',
  },
  {
    name: 'takes an UPDATE',
    inputs: [...answered, update('offer'), considered(200), update('none'), update('offer'), considered(488)],
    effects: ['respond 200', 'consider', 'reply 200', 'reply 200', 'consider', 'reply 488'],
    ends: 'up',
  },
  {
    name: 'also before it is answered',
    inputs: [ring, update('offer'), considered(500), update('none')],
    effects: ['respond 180', 'consider', 'reply 500', 'reply 200'],
    ends: 'early',
  },
  {
    name: 'but no offer in one while its own is open',
    inputs: [offer, update('offer'), update('none')],
    effects: ['respond 200', 'reply 491', 'reply 200'],
    ends: 'answering',
  },
  {
    name: 'may be answered while an UPDATE is considered',
    inputs: [ring, update('offer'), answer, considered(200), ack],
    effects: ['respond 180', 'consider', 'respond 200', 'reply 200'],
    ends: 'up',
  },
  {
    name: 'may be heard before it is answered, and is acknowledged',
    inputs: [{ kind: 'progress' }, prack('none'), answer, prack('offer'), considered(200), ack],
    effects: ['respond 183', 'reply 200', 'respond 200', 'consider', 'reply 200'],
    ends: 'up',
  },
  {
    name: 'is sent elsewhere',
    inputs: [ring, { kind: 'redirect' }],
    effects: ['respond 180', 'respond 302', 'hung up {"cause":23,"techCause":302}'],
    ends: 'ended',
  },
  {
    name: 'takes no request that means nothing to it',
    inputs: [ring, other, ...answered, other],
    effects: ['respond 180', 'reply 405', 'respond 200', 'reply 405'],
    ends: 'up',
  },
  {
    name: 'knows nothing once it is over',
    inputs: [hangup(16), bye, other, update('none'), reInvite, prack('none')],
    effects: ['respond 603', ...Array<string>(5).fill('reply 481')],
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
