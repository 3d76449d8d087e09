// Changes to octets such as errors of transmission, careless programmers and attackers make them.

/** From 0 up to, but not including, 1: the same sequence for the same seed. */
export type Random = () => number;

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 up to, but not including, `end`. */
export const below = (random: Random, end: number): number => Math.floor(random() * end);

export const pick = <Value>(random: Random, values: readonly Value[]): Value => values[below(random, values.length)]!;

type Mutation = (octets: Buffer, random: Random, corpus: readonly Buffer[]) => Buffer;

const pieces = [
  ...[
    '\r\n',
    '\r',
    '\n',
    '\r\n ',
    '\r\n\r\n',
    '\0',
    '\x7f',
    '\xff',
    '"',
    '\\',
    '<',
    '>',
    ':',
    ';',
    ',',
    ' ',
    '\t',
    '%',
  ],
  ...[
    '=',
    '@',
    '[',
    ']',
    '(',
    ')',
    '?',
    '#',
    '|',
    '%00',
    '\\"',
    '<sip:',
    ';tag=',
    ';lr',
    'SIP/2.0',
    'Content-Length: 5',
  ],
  ...['99999999999999999999', '-1', '4294967296', 'v: SIP/2.0/UDP a;branch=z9hG4bK1', 'l: 0\r\n', 'i: a\r\n'],
].map((text) => Buffer.from(text, 'latin1'));

const insert = (octets: Buffer, at: number, added: Buffer, removed = 0): Buffer =>
  Buffer.concat([octets.subarray(0, at), added, octets.subarray(at + removed)]);

/** The lines of the text, by a change to their list. */
function withLines(octets: Buffer, change: (lines: string[]) => void): Buffer {
  const lines = octets.toString('latin1').split('\r\n');
  change(lines);
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

const mutations: readonly Mutation[] = [
  function flipBit(octets, random) {
    const flipped = Buffer.from(octets);
    const at = below(random, Math.max(1, octets.length));
    if (at < flipped.length) flipped[at]! ^= 1 << below(random, 8);
    return flipped;
  },
  (octets, random) => insert(octets, below(random, octets.length + 1), pick(random, pieces), below(random, 3)),
  function repeat(octets, random) {
    const repeated = pick(random, pieces).toString('latin1').repeat(below(random, 300));
    return insert(octets, below(random, octets.length + 1), Buffer.from(repeated, 'latin1'));
  },
  (octets, random) => octets.subarray(0, below(random, octets.length + 1)),
  (octets, random) => insert(octets, below(random, octets.length + 1), Buffer.alloc(0), below(random, 30)),
  function splice(octets, random, corpus) {
    const other = pick(random, corpus);
    return Buffer.concat([
      octets.subarray(0, below(random, octets.length + 1)),
      other.subarray(below(random, other.length + 1)),
    ]);
  },
  (octets, random) => withLines(octets, (lines) => lines.splice(below(random, lines.length), 0, pick(random, lines))),
  (octets, random) => withLines(octets, (lines) => lines.splice(below(random, lines.length), 1)),
  (octets, random, corpus) =>
    withLines(octets, (lines) => {
      const others = pick(random, corpus).toString('latin1').split('\r\n');
      lines[below(random, lines.length)] = pick(random, others);
    }),
  function lieAboutLength(octets, random) {
    const text = octets.toString('latin1');
    const lie = pick(random, ['0', '1', '00018', '65535', '999999999', '-1', '+5', '0x5', '5 5', '1e3', '']);
    return Buffer.from(
      text.replace(/^(content-length|l)[ \t]*:.*$/im, `$1: ${lie}`).replace(/^\d+#/, `${lie}#`),
      'latin1',
    );
  },
];

/** One change, or up to five, one after the other. */
export function mutate(random: Random, corpus: readonly Buffer[]): Buffer {
  let octets: Buffer = pick(random, corpus);
  const changes = 1 + below(random, 1 + below(random, 5));
  for (let made = 0; made < changes; made++) octets = pick(random, mutations)(octets, random, corpus);
  return octets;
}

/** The octets in pieces of random size, as a stream may bring them. */
export function inChunks(random: Random, octets: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  const largest = pick(random, [1, 7, 100, 2_000]);
  for (let at = 0; at < octets.length;) {
    const size = 1 + below(random, largest);
    chunks.push(octets.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
