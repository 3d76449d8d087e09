// The benchmark's arithmetic: what it reads from the system, how it climbs, compares and shows.
import { describe, expect, test } from 'vitest';
import { better, compare, told } from '../../../scripts/bench/compare.ts';
import { dropCounters, grown } from '../../../scripts/bench/drops.ts';
import { geometric, highest } from '../../../scripts/bench/ladder.ts';
import { Unmeasurable } from '../../../scripts/bench/load.ts';
import { readOptions } from '../../../scripts/bench/options.ts';
import { latencyOf } from '../../../scripts/bench/percentiles.ts';
import { ownerOf, summedUp } from '../../../scripts/bench/profile.ts';
import { cpuBetween, machineTicks, processTicks, residentKb } from '../../../scripts/bench/proc.ts';
import { written, type Figure, type Result } from '../../../scripts/bench/results.ts';
import { rows, type Row } from '../../../scripts/bench/rows.ts';
import { markdown, report } from '../../../scripts/bench/table.ts';

describe('what the time goes to', () => {
  test.each([
    ['file:///srv/arion/dist/engines/drachtio/text.js', 'read', 'Arion: engines/drachtio'],
    ['file:///srv/arion/dist/core/messages.js', 'add', 'Arion: core'],
    ['file:///srv/arion/dist/app.js', 'start', 'Arion: app'],
    ['/srv/arion/node_modules/fastify/node_modules/pino/pino.js', 'log', 'pino'],
    ['/srv/arion/dist/node_modules/@fastify/cors/index.js', 'cors', '@fastify/cors'],
    ['node:net', 'write', 'Node.js'],
    ['', '(garbage collector)', 'garbage collector'],
    ['', 'writev', 'Node.js and V8, native'],
  ])('is told of whose code it is: %s %s', (url, functionName, owner) => {
    expect(ownerOf({ functionName, url })).toBe(owner);
  });

  test('is shared among them, without idleness and what is next to nothing', () => {
    const node = (id: number, functionName: string, url: string) => ({ id, callFrame: { functionName, url } });
    const nodes = [node(1, '(idle)', ''), node(2, 'f', 'node:fs'), node(3, 'g', '/a/dist/ari/x.js'), node(4, 'gc', '')];
    const profile = { nodes, samples: [1, 2, 3, 2, 4], timeDeltas: [5_000_000, 500_000, 250_000, 248_000, 2_000] };
    expect(summedUp(profile, 'main')).toEqual({
      ...{ name: 'main', busy: 1 },
      shares: [
        { of: 'Node.js', share: 0.748 },
        { of: 'Arion: ari', share: 0.25 },
      ],
    });
  });
});

describe('what the system says', () => {
  const stat = '7 (a) b (c) S 1 7 7 0 -1 4194560 2 3 0 0 120 30 5 6 20 0 11 0 100 1000 200';

  test('gives the CPU time of a process, whatever its name, and of its children that have ended', () => {
    expect(processTicks(stat)).toBe(150);
    expect(processTicks(stat, true)).toBe(161);
  });

  test('gives the CPU time of all processes, without idleness and interrupts', () => {
    expect(machineTicks('cpu  100 2 30 4000 50 6 7 8 0 0\ncpu0 1 2 3\n')).toBe(140);
  });

  test('gives the memory of a process', () => {
    expect(residentKb('VmPeak:\t  9 kB\nVmRSS:\t  12345 kB\n')).toBe(12_345);
    expect(residentKb('')).toBe(0);
  });

  test('is divided among service, tools and others, in percent of a core', () => {
    const before = { at: 10, service: 1, tools: 2, all: 5 };
    const after = { at: 12, service: 2, tools: 2.5, all: 7 };
    expect(cpuBetween(before, after)).toEqual({ service: 50, tools: 25, other: 25 });
    expect(cpuBetween(before, { ...after, all: 6 }).other).toBe(0);
  });

  test('tells of drops by the counters that have grown', () => {
    const metrics = (dropped: number): string => `# HELP arion_sip_drops_total What was dropped.
arion_sip_drops_total{reason="flood"} ${dropped}
arion_queue_dropped_total{queue="core:messages under way"} 2
arion_events_sent_total 99
arion_queue_limit{queue="closed"} 9`;
    expect(dropCounters(metrics(1))).toEqual({
      'arion_sip_drops_total{reason="flood"}': 1,
      'arion_queue_dropped_total{queue="core:messages under way"}': 2,
    });
    expect(grown(dropCounters(metrics(1)), dropCounters(metrics(5)))).toEqual({
      'arion_sip_drops_total{reason="flood"}': 4,
    });
  });
});

test('a percentile is the smallest value that so many do not exceed', () => {
  const shuffled = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
  expect(latencyOf(shuffled)).toEqual({ count: 100, p50: 50, p90: 90, p99: 99, max: 100 });
  expect(latencyOf([7])).toEqual({ count: 1, p50: 7, p90: 7, p99: 7, max: 7 });
  expect(latencyOf([])).toEqual({ count: 0 });
});

describe('a ladder', () => {
  test('has steps of one part', () => {
    expect(geometric(100, 150, 0.1)).toEqual([100, 110, 121, 133, 146]);
  });

  test.each([
    [0, undefined],
    [1, 1],
    [5, 5],
    [9, 8],
  ])('whose rungs hold up to %s is climbed to %s', async (limit, expected) => {
    const tried: number[] = [];
    const found = await highest([1, 2, 3, 4, 5, 6, 7, 8], async (rung) => {
      tried.push(rung);
      return rung <= limit;
    });
    expect(found).toBe(expected);
    expect(tried.length).toBeLessThanOrEqual(4);
  });
});

const speed: Row = { id: 'speed', group: 'get', title: 'speed', unit: '/s', better: 'more', aim: 100 };
const tail: Row = { id: 'tail', group: 'get', title: 'tail', unit: 'ms', better: 'less', aim: 3, isTail: true };

describe('a comparison', () => {
  const is = (row: Row, now: Partial<Figure> | undefined, before: Partial<Figure> | undefined): string | undefined => {
    const of = (figure: Partial<Figure> | undefined): Figure[] => (figure ? [{ id: row.id, ...figure }] : []);
    return compare([row], of(now), of(before))[0]?.is;
  };

  test('calls a row worse when it has lost more than a tenth', () => {
    expect(is(speed, { value: 91 }, { value: 100 })).toBe('same');
    expect(is(speed, { value: 89 }, { value: 100 })).toBe('worse');
    expect(is(speed, { value: 111 }, { value: 100 })).toBe('better');
    expect(is({ ...speed, better: 'less' }, { value: 109 }, { value: 100 })).toBe('same');
    expect(is({ ...speed, better: 'less' }, { value: 111 }, { value: 100 })).toBe('worse');
    expect(is({ ...speed, better: 'less' }, { value: 89 }, { value: 100 })).toBe('better');
    expect(is(speed, { value: 0 }, { value: 100 })).toBe('worse');
  });

  test('holds each against the floor of its own run, so that the machine does not matter', () => {
    expect(is(speed, { value: 50, floor: 500 }, { value: 100, floor: 1_000 })).toBe('same');
    expect(is(speed, { value: 100, floor: 1_000 }, { value: 100, floor: 500 })).toBe('worse');
  });

  test('forgives a longer tail that still meets its aim', () => {
    expect(is(tail, { value: 2.9 }, { value: 1 })).toBe('same');
    expect(is(tail, { value: 3.1 }, { value: 1 })).toBe('worse');
  });

  test('calls a row worse that failed and did not before', () => {
    expect(is(speed, { value: 100, failed: 'lost 3' }, { value: 100 })).toBe('worse');
    expect(is(speed, { value: 100, failed: 'lost 3' }, { value: 100, failed: 'lost 4' })).toBe('same');
  });

  test('names the rows that only one side has', () => {
    const verdicts = compare([speed, tail], [{ id: 'speed', value: 1 }], [{ id: 'tail', value: 1 }]);
    expect(told([speed, tail], verdicts)).toEqual([
      'new     speed: the committed results do not have it',
      'gone    tail: it was not measured now',
    ]);
    expect(is(speed, undefined, undefined)).toBeUndefined();
  });

  test('takes the better one of what was measured twice', () => {
    const [good, bad] = [
      { id: 'speed', value: 90, floor: 100 },
      { id: 'speed', value: 95, floor: 200 },
    ] as const;
    expect([better(speed, good, bad), better(speed, bad, good)]).toEqual([good, good]);
    const lossy = { ...good, failed: 'lost 1' };
    expect([better(speed, lossy, bad), better(speed, bad, lossy)]).toEqual([bad, bad]);
  });
});

describe('what is shown', () => {
  test('is a table whose columns fit', () => {
    expect(
      markdown([
        ['', 'figure'],
        ['one', '1'],
        ['a thousand', '1,000'],
      ]),
    ).toBe(
      ['|            | figure |', '| ---------- | -----: |', '| one        |      1 |', '| a thousand |  1,000 |'].join(
        '\n',
      ),
    );
  });

  test('names figure, aim, Asterisk, floor and ratio of each row, and what was wrong with it', () => {
    const result: Result = {
      machine: {
        ...{ cpu: 'CPU', cores: 2, memoryGb: 8, system: 'linux', node: 'v20' },
        ...{ commit: 'abc', date: '2026-12-01' },
      },
      ...{ subject: 'Arion', isAhead: false, secs: 10, points: [] },
      figures: [
        { id: 'get-16', value: 41_000, floor: 50_000, isDisturbed: true },
        { id: 'inbound-2000-p99', value: 4.256, failed: 'lost 3' },
      ],
      curves: [{ title: 'endpoints', points: [1, 10].map((of) => ({ of, microseconds: 100 * of, rss: 90 })) }],
    };
    expect(JSON.parse(written(result))).toEqual(result);
    const text = report(result).replaceAll(/ +/g, ' ');
    expect(text).toContain('real-time scheduling was not allowed');
    expect(text).toContain(
      '| GET of an endpoint, 16 connections (disturbed) | 41,000 requests/s | ≥ 40,000 ✓ | 114,179 | 50,000 | 0.82 |',
    );
    expect(text).toContain('| MESSAGE → event at 2,000/s, p99 | 4.26 ms (lost 3) | ≤ 3 ✗ | 1.1 | – | – |');
    expect(text).toContain('| 10 | 1,000 | 10.00 | 90 |');
    expect(text).not.toContain('fan-out');
  });

  test('has one row for each name', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });
});

describe('the command line', () => {
  test('chooses groups, time and another server', () => {
    expect(readOptions(['--help'])).toBeUndefined();
    expect(readOptions(['--only', 'get,rest', '--quick'])).toMatchObject({ groups: ['get', 'rest'], secs: 1 });
    expect(
      readOptions(['--url', 'http://127.0.0.1:8088/ari', '--sip', '127.0.0.1:5160', '--pid', '1,2']),
    ).toMatchObject({
      attached: { url: new URL('http://127.0.0.1:8088/ari'), sipPort: 5160, pids: [1, 2], user: 'ari:ari' },
    });
  });

  test.each([
    [['--only', 'everything'], 'no group "everything"'],
    [['--secs', 'many'], 'expected a number'],
    [['--url', 'http://192.0.2.1:8088/ari', '--pid', '1'], 'load goes to this machine alone'],
    [['--url', 'http://127.0.0.1:8088/ari'], '--pid'],
    [['--url', 'http://127.0.0.1:8088/ari', '--pid', '1', '--curves'], 'only of Arion'],
  ])('%j is refused', (args, why) => {
    expect(() => readOptions(args)).toThrow(Unmeasurable);
    expect(() => readOptions(args)).toThrow(why);
  });
});
