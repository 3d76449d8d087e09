// The state machine of a call that we make, and of what we change in one that is up: each arm by a table.
import { describe, expect, test } from 'vitest';
import type { Input, Session } from '../../../src/technologies/pjsip/session.ts';
import { inAWord, playFrom } from './session-play.ts';

const dial: Input = { kind: 'dial' };
const heard = (status: number, isReliable = false): Input => ({ kind: 'provisional', status, isReliable });
const final = (status: number, isAnswered = true): Input => ({ kind: 'final', status, isAnswered });
const invited = (status: number, isOffer = false): Input => ({ kind: 'invited', status, isOffer });
const hangup = (cause: number): Input => ({ kind: 'hangup', cause });
const bye: Input = { kind: 'bye', far: { cause: 16 } };
const closed: Input = { kind: 'closed' };
const invite: Input = { kind: 'invite' };
const reInvite: Input = { kind: 're-INVITE', media: 'offer' };
const update = (media: 'offer' | 'none'): Input => ({ kind: 'update', media });
const considered = (status: number): Input => ({ kind: 'considered', status, isOffering: false });
const other: Input = { kind: 'other' };

type Case = readonly [name: string, inputs: readonly Input[], effects: readonly string[], ends: Session['kind']];

const begun: readonly Case[] = [
  ['is dialled', [dial, dial], ['INVITE'], 'calling'],
  ['rings', [dial, heard(182), heard(180)], ['INVITE', 'proceeding', 'ringing'], 'calling'],
  ['acknowledges what wants it', [dial, heard(183, true)], ['INVITE', 'PRACK', 'progress'], 'calling'],
  ['is answered', [dial, final(200)], ['INVITE', 'ACK', 'answered'], 'up'],
  [
    'without an answer to its offer',
    [dial, final(200, false)],
    ['INVITE', 'ACK', 'BYE 58', 'failed {"cause":58}'],
    'ending',
  ],
  ['is busy', [dial, final(486)], ['INVITE', 'failed {"cause":17,"techCause":486}'], 'ended'],
  ['is moved', [dial, final(302)], ['INVITE', 'failed {"cause":23,"techCause":302}'], 'ended'],
  ['is hung up before it was dialled', [hangup(16), dial], ['failed {"cause":16}'], 'ended'],
  ['is cancelled', [dial, hangup(16), hangup(16), final(487)], ['INVITE', 'CANCEL 16', 'failed {"cause":16}'], 'ended'],
  [
    'is cancelled, but was answered',
    [dial, hangup(26), heard(183, true), final(200), closed],
    ['INVITE', 'CANCEL 26', 'failed {"cause":26}', 'PRACK', 'ACK', 'BYE 26'],
    'ended',
  ],
  [
    'is hung up from there before the answer',
    [dial, bye, bye, final(487)],
    ['INVITE', 'reply 200', 'CANCEL 127', 'failed {"cause":16}', 'reply 200'],
    'ended',
  ],
  ['takes an UPDATE early', [dial, update('offer'), considered(200)], ['INVITE', 'consider', 'reply 200'], 'calling'],
  [
    'and no re-INVITE, and nothing that nobody takes',
    [dial, reInvite, other],
    ['INVITE', 'reply 491', 'reply 405'],
    'calling',
  ],
  [
    'knows no request once it is given up',
    [dial, hangup(16), other],
    ['INVITE', 'CANCEL 16', 'failed {"cause":16}', 'reply 481'],
    'cancelling',
  ],
];

const changed: readonly Case[] = [
  ['is invited again', [invite, invite, invited(200)], ['RE-INVITE', 'ACK'], 'up'],
  ['and refuses', [invite, invited(488)], ['RE-INVITE'], 'up'],
  ['is asked what it offers', [invite, invited(200, true), { kind: 'reply' }], ['RE-INVITE', 'ACK'], 'up'],
  [
    'is hung up before that has its answer',
    [invite, invited(200, true), hangup(16)],
    ['RE-INVITE', 'ACK', 'BYE 16'],
    'ending',
  ],
  ['invites at once with us', [invite, reInvite, invited(491)], ['RE-INVITE', 'reply 491', 'retry'], 'up'],
  [
    'has no part in ours while theirs is open',
    [reInvite, invite, considered(200), invite],
    ['consider', 'reply 200'],
    'renegotiating',
  ],
  [
    'offers nothing else meanwhile',
    [invite, update('offer'), update('none')],
    ['RE-INVITE', 'reply 491', 'reply 200'],
    'inviting',
  ],
  [
    'is not there any more',
    [invite, invited(481)],
    ['RE-INVITE', 'BYE 127', 'hung up {"cause":127,"techCause":481}'],
    'ending',
  ],
  ['says nothing', [invite, invited(408)], ['RE-INVITE', 'BYE 18', 'hung up {"cause":18,"techCause":408}'], 'ending'],
  ['is hung up by us meanwhile', [invite, hangup(16), invited(487), closed], ['RE-INVITE', 'BYE 16'], 'ended'],
  ['has answered at that', [invite, hangup(16), invited(200), closed], ['RE-INVITE', 'BYE 16', 'ACK'], 'ended'],
  ['hangs up meanwhile', [invite, bye, invited(487)], ['RE-INVITE', 'reply 200', 'hung up {"cause":16}'], 'ended'],
];

describe('a call that we make', () => {
  test.each(begun)('%s', (_, inputs, effects, ends) => {
    const played = playFrom({ kind: 'idle' }, inputs);
    expect(played.effects.map(inAWord)).toEqual(effects);
    expect(played.session.kind).toBe(ends);
  });
});

describe('a call that is up, whose far end', () => {
  test.each(changed)('%s', (_, inputs, effects, ends) => {
    const played = playFrom({ kind: 'up' }, inputs);
    expect(played.effects.map(inAWord)).toEqual(effects);
    expect(played.session.kind).toBe(ends);
  });
});
