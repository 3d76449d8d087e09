// Any sequence of offers and answers: no line is lost, and the version tells what is new.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Negotiation } from '../../../../src/technologies/pjsip/sdp/index.ts';
import { audio, call, media, offer, originOf } from './sdp-room.ts';

const off = 'm=audio 0 RTP/AVP 0';
const video = 'm=video 6 RTP/AVP 31';
const streams = fc.constantFrom(audio, off, 'm=audio 4 RTP/AVP 18', video, 'm=image 8 udptl t38');
/** Mostly what can be taken. */
const bodies = fc.oneof(
  fc.constantFrom([audio], [audio, video], [audio, off, video], [audio, video, audio]),
  fc.array(streams, { maxLength: 4 }),
);
const steps = fc.array(fc.record({ choice: fc.nat(), body: bodies }), { maxLength: 40 });

/** What can be done, and what is left to do after it when it did not fail. */
type Step = (one: Negotiation, text: string) => { readonly written?: string; readonly next: State };
type State = 'stable' | 'received' | 'sent';

const textOf = (outcome: { readonly kind: string; readonly text?: string }): { readonly written?: string } =>
  outcome.text === undefined ? {} : { written: outcome.text };
const possible: Readonly<Record<State, readonly Step[]>> = {
  stable: [
    (one, text) => ({ next: one.receive(text).kind === 'failed' ? 'stable' : 'received' }),
    (one) => ({ written: one.offerAlone(), next: 'sent' }),
    (one) => ({ written: one.offerAlone(true), next: 'sent' }),
    (one, text) => {
      const outcome = one.offerFrom(text);
      return { ...textOf(outcome), next: outcome.kind === 'failed' ? 'stable' : 'sent' };
    },
  ],
  received: [
    (one) => ({ written: one.answerAlone(), next: 'stable' }),
    (one, text) => {
      const outcome = one.answerFrom(text);
      return { ...textOf(outcome), next: outcome.kind === 'failed' ? 'received' : 'stable' };
    },
    (one) => {
      one.drop();
      return { next: 'stable' };
    },
  ],
  sent: [
    (one, text) => {
      one.answered(text);
      return { next: 'stable' };
    },
    (one) => {
      one.refused();
      return { next: 'stable' };
    },
  ],
};

/** The type of each line, and whether it is on. */
const linesOf = (text: string | undefined): { readonly type: string; readonly isOn: boolean }[] =>
  (text === undefined ? [] : media(text)).flatMap((line) => {
    const [, type, port] = /^m=(\S+) (\d+)/.exec(line) ?? [];
    return type === undefined ? [] : [{ type, isOn: port !== '0' }];
  });

test('no line is lost, or changes its type while it is on; the version rises by one with what is new', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const one = call();
      let state: State = 'stable';
      let last = { text: '', version: 0 };
      for (const { choice, body } of all) {
        const before = linesOf(one.local);
        const step: Step = possible[state][choice % possible[state].length]!;
        const { written, next } = step(one, offer(...body));
        state = next;
        expect(one.isStable).toBe(state === 'stable');
        for (const lines of [linesOf(one.local), ...(written === undefined ? [] : [linesOf(written)])]) {
          expect(lines.length).toBeGreaterThanOrEqual(before.length);
          for (const [index, { type, isOn }] of before.entries()) if (isOn) expect(lines[index]!.type).toBe(type);
        }
        if (written === undefined) continue;
        const { version } = originOf(written);
        const text = written.replace(/^o=.*$/m, '');
        expect(version).toBe(last.version + (text === last.text ? 0 : 1));
        last = { text, version };
      }
    }),
  );
});
