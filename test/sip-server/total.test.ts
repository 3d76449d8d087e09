// Whatever octets come: nothing throws, what must hold does, and the time is in proportion to their number.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frames, messages } from '../fuzz/corpus.ts';
import { mutate, randomOf } from '../fuzz/mutate.ts';
import { targets } from '../fuzz/targets.ts';

describe('mutated messages', () => {
  test.each(targets)('$name', ({ corpus, run }) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = randomOf(seed);
        run(mutate(random, corpus), random);
      }),
      { numRuns: 1_500 },
    );
  });
});

describe('noise', () => {
  test.each(targets)('$name', ({ run }) => {
    const noise = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300, max: 64 }));
    fc.assert(
      fc.property(noise, fc.nat(), (octets, seed) => void run(Buffer.from(octets), randomOf(seed))),
      { numRuns: 500 },
    );
  });
});

/** Texts that make a careless expression try again and again, with what stands before them in the message. */
const repetitive: readonly (readonly [before: string, repeated: string, after: string])[] = [
  ['To: a', ' ', 'b'],
  ['To: "', '\\', ''],
  ['To: ', '"', ''],
  ['To: ', '<', ''],
  ['To: "a" <sip:a>;a="', '\\"', ''],
  ['To: <sip:a>', ';', ''],
  ['To: <sip:a>', ';a', '='],
  ['To: <sip:a>;a', ' ', '=b c'],
  ['Via: SIP/2.0/UDP a', ';', ''],
  ['Via: SIP/2.0/UDP a', ' ', 'b'],
  ['Via: SIP', ' ', '/2.0/UDP a b'],
  ['Via: ', 'a,', ''],
  ['Contact: ', '<sip:a>,', ''],
  ['Contact: <sip:', 'a@', '>'],
  ['Contact: <sip:a', ';a', '@>'],
  ['Contact: sip:a?', 'a&', '>'],
  ['Contact: sip:', '%61', '@'],
  ['Contact: sip:', '[', ''],
  ['Subject: ', '\r\n ', ''],
  ['Subject: ', '(', '\0'],
  ['Subject: ', '"\\\0"', '\0'],
  ['CSeq: ', '1', ''],
  ['Authorization: Digest ', 'a=b,', ''],
  ['Authorization: ', 'a ', ''],
  ['Authorization: Digest a="', '\\', ''],
  ['Content-Length: ', '0', ''],
  ['', 'l:\r\n', ''],
  ['', 'a\r\n', ''],
  ['', '\r\n', ''],
  ['a:b\r\n\r\nv=0\r\n', 'a=rtpmap:0 a/1\r\n', ''],
  ['a:b\r\n\r\nv=0\r\no=- 1 1 IN IP4 a\r\nm=audio 9 RTP/AVP', ' 0', ''],
];

/** ms of the fastest of five runs, since others may keep the machine busy. */
function timeOf(run: () => unknown): number {
  const times = [1, 2, 3, 4, 5].map(() => {
    const began = performance.now();
    run();
    return performance.now() - began;
  });
  return Math.min(...times);
}

describe('eight times the octets take about eight times as long, and not sixty-four', () => {
  const text = ([before, repeated, after]: (typeof repetitive)[number], octets: number): Buffer =>
    Buffer.from(
      `OPTIONS sip:a SIP/2.0\r\n${before}${repeated.repeat(octets / repeated.length)}${after}\r\n\r\n`,
      'latin1',
    );

  test.each(targets)('$name', ({ run }) => {
    for (const each of repetitive) {
      const attempt = (octets: number) => {
        const input = text(each, octets);
        return timeOf(() => {
          try {
            run(input, randomOf(1));
          } catch {
            // What must hold is shown above; here only the time counts.
          }
        });
      };
      attempt(1_000);
      const ratio = (): number => attempt(64_000) / Math.max(attempt(8_000), 1);
      // Once more, and again, if it is much: a cache or a collection of garbage makes thirty of eight now and then.
      const ratios = [ratio()];
      while (ratios.at(-1)! >= 40 && ratios.length < 3) ratios.push(ratio());
      expect(Math.min(...ratios), JSON.stringify(each)).toBeLessThan(40);
    }
  });
});

test('the corpus is there', () => {
  expect([messages.length > 300, frames.length > 300]).toEqual([true, true]);
});
