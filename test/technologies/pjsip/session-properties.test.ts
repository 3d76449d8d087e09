// What holds of a session whatever comes, in whatever order.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { step, type Effect, type Input, type Session } from '../../../src/technologies/pjsip/session.ts';
import { playFrom } from './session-play.ts';

const begin: fc.Arbitrary<Session> = fc.constantFrom({ kind: 'incoming' }, { kind: 'idle' });
const status = fc.constantFrom(200, 302, 401, 408, 481, 486, 487, 488, 491, 503, 603);
const media = fc.constantFrom('offer', 'none', 'unsupported');
const is = fc.boolean();
const cause = fc.integer({ min: 0, max: 127 });

const anything: fc.Arbitrary<Input> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('ring', 'progress', 'redirect', 'dial', 'invite', 'reply', 'unsent', 'closed', 'other'),
  }),
  fc.record({ kind: fc.constant('answer'), isOffering: is }),
  fc.record({ kind: fc.constant('ack'), isAnswered: is }),
  fc.record({ kind: fc.constant('hangup'), cause }),
  fc.record({ kind: fc.constantFrom('lost', 'bye', 'cancel'), far: fc.record({ cause }) }),
  fc.record({ kind: fc.constant('provisional'), status: fc.constantFrom(180, 181, 183), isReliable: is }),
  fc.record({ kind: fc.constant('final'), status, isAnswered: is }),
  fc.record({ kind: fc.constant('invited'), status, isOffer: is }),
  fc.record({ kind: fc.constant('considered'), status, isOffering: is }),
  fc.record({ kind: fc.constantFrom('re-INVITE', 'update', 'prack'), media }),
);

const requests: readonly Input['kind'][] = ['bye', 'other', 'update', 're-INVITE', 'prack'];
const inputs = fc.array(anything, { maxLength: 40 });
const count = (effects: readonly Effect[], ...kinds: readonly Effect['kind'][]): number =>
  effects.filter(({ kind }) => kinds.includes(kind)).length;

describe('whatever comes', () => {
  test('there is no second final response, INVITE, CANCEL or BYE, and everybody is told once', () => {
    fc.assert(
      fc.property(begin, inputs, (from, all) => {
        const { effects } = playFrom(from, all);
        expect(effects.filter((each) => each.kind === 'respond' && each.status >= 200).length).toBeLessThanOrEqual(1);
        for (const kind of ['invite', 'cancel', 'bye'] as const) expect(count(effects, kind)).toBeLessThanOrEqual(1);
        expect(count(effects, 'answered', 'failed')).toBeLessThanOrEqual(1);
        // Who dialled in vain has no channel that could be hung up.
        expect(count(effects, 'hung-up', 'failed')).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('each request is answered once: at once, or when that was considered', () => {
    fc.assert(
      fc.property(begin, inputs, (from, all) => {
        let session = from;
        let open = 0;
        for (const input of all) {
          const [next, ...effects] = step(session, input);
          const asked = requests.includes(input.kind) ? 1 : 0;
          const settled = input.kind === 'considered' ? open : 0;
          const waits = count(effects, 'consider');
          expect(count(effects, 'reply') + waits).toBe(asked + settled);
          open += waits - settled;
          expect(open).toBe(next.considering === undefined ? 0 : 1);
          session = next;
        }
      }),
    );
  });

  test('our re-INVITEs are sent one at a time, and never while one of theirs is open', () => {
    fc.assert(
      fc.property(begin, inputs, (from, all) => {
        let session = from;
        for (const input of all) {
          const [next, ...effects] = step(session, input);
          if (count(effects, 're-invite') > 0) expect([session.kind, session.considering]).toEqual(['up', undefined]);
          session = next;
        }
      }),
    );
  });

  test('it ends with a hangup, and what comes of that', () => {
    const rest: readonly Input[] = [
      { kind: 'hangup', cause: 16 },
      { kind: 'considered', status: 200, isOffering: false },
      { kind: 'final', status: 487, isAnswered: false },
      { kind: 'ack', isAnswered: true },
      { kind: 'closed' },
    ];
    fc.assert(
      fc.property(begin, inputs, (from, all) => {
        expect(playFrom(from, [...all, ...rest]).session).toEqual({ kind: 'ended' });
      }),
    );
  });

  test('what has ended is never heard of again', () => {
    fc.assert(
      fc.property(begin, inputs, inputs, (from, before, after) => {
        const { session } = playFrom(from, [...before, { kind: 'bye', far: {} }]);
        fc.pre(session.kind === 'ended');
        const { effects } = playFrom(session, after);
        expect(effects.filter(({ kind }) => kind !== 'reply')).toEqual([]);
      }),
    );
  });
});
