// The table: what is measured, what we aim at, and what Asterisk does.

export interface Row {
  readonly id: string;
  readonly group: GroupName;
  readonly title: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly aim?: number;
  /** As it was measured. */
  readonly asterisk?: string;
  /** The tail of a distribution, in which a single disturbance shows: worse is only what misses the aim. */
  readonly isTail?: true;
}

export const groupNames = ['idle', 'inbound', 'rest', 'get', 'fanout', 'calls', 'memory'] as const;
export type GroupName = (typeof groupNames)[number];

export const ASTERISK_SOURCE = 'measured with the same method, Asterisk master August 2026, 2 cores';
/** At how many applications fan-out is measured. */
export const FAN_OUT = [1, 10, 50, 200] as const;
export const REST_CONNECTIONS = [1, 16, 64] as const;
export const ANSWER_CONNECTIONS = [16, 64] as const;
export const HELD_CHANNELS = [1_000, 2_000] as const;

const fanOutAims: Readonly<Record<number, number>> = { 50: 120_000, 200: 120_000 };
const fanOutOfAsterisk: Readonly<Record<number, readonly [best: string, saturated?: string]>> = {
  1: ['6,400'],
  10: ['32,000', '60,557'],
  50: ['40,000', '61,536'],
  200: ['40,000', '51,858'],
};
const restAims: Readonly<Record<number, number>> = { 1: 5_000, 16: 12_000 };
const restOfAsterisk: Readonly<Record<number, string>> = { 1: '5,624–5,916', 16: '11,300–12,580', 64: '11,436–12,806' };

const more = { better: 'more' } as const;
const less = { better: 'less' } as const;
const aimed = (aim: number | undefined) => (aim === undefined ? {} : { aim });
const peer = (asterisk: string | undefined) => (asterisk === undefined ? {} : { asterisk });

const inbound: readonly Row[] = (
  [
    { id: '2000-cpu', title: 'CPU at 2,000 MESSAGEs/s in', unit: '% of a core', ...less, aim: 66, asterisk: '62–66' },
    {
      id: '2000-p99',
      title: 'MESSAGE → event at 2,000/s, p99',
      unit: 'ms',
      ...less,
      aim: 3,
      asterisk: '1.1',
      isTail: true,
    },
    { id: '8000-cpu', title: 'CPU at 8,000 MESSAGEs/s in', unit: '% of a core', ...less, asterisk: '146–162' },
    {
      id: '8000-p99',
      title: 'MESSAGE → event at 8,000/s, p99',
      unit: 'ms',
      ...less,
      aim: 20,
      asterisk: '5.5–56',
      isTail: true,
    },
    { id: '8000-rss', title: 'memory after it', unit: 'MB', ...less, aim: 400, asterisk: '1,700 after 4,000/s' },
    { id: 'highest', title: 'highest rate without loss', unit: 'MESSAGE/s', ...more, aim: 8_000, asterisk: '7,997' },
  ] as const
).map((row) => ({ ...row, id: `inbound-${row.id}`, group: 'inbound' }));

const rest = REST_CONNECTIONS.map((connections): Row => ({
  ...{ id: `rest-${connections}`, group: 'rest', unit: 'requests/s' },
  title: `REST → SIP MESSAGE, ${connections} connection${connections === 1 ? '' : 's'}`,
  ...{ ...more, ...aimed(restAims[connections]), ...peer(restOfAsterisk[connections]) },
}));

const fanOut = FAN_OUT.flatMap((applications): Row[] => {
  const [best, saturated] = fanOutOfAsterisk[applications]!;
  const title = `fan-out to ${applications} application${applications === 1 ? '' : 's'}`;
  const common = { group: 'fanout', unit: 'events/s', ...more } as const;
  return [
    {
      ...{ id: `fanout-${applications}`, title: `${title}, nothing lost` },
      ...{ ...common, ...aimed(fanOutAims[applications]), ...peer(best) },
    },
    { id: `fanout-${applications}-saturated`, title: `${title}, saturated`, ...common, ...peer(saturated) },
  ];
});

/** Of Asterisk's calls over 16 connections none failed at 800/s either; but set-up took 4.4 s, with 1,190 retransmissions. */
const calls: readonly Row[] = [
  {
    ...{ id: 'calls-100-cpu', group: 'calls', title: 'CPU at 100 calls/s', unit: '% of a core' },
    ...{ ...less, asterisk: '26' },
  },
  ...ANSWER_CONNECTIONS.map((connections): Row => ({
    ...{
      id: `calls-${connections}`,
      group: 'calls',
      title: `calls, none failed, answered over ${connections} connections`,
    },
    ...{ unit: 'calls/s', ...more, aim: 800, asterisk: connections === 16 ? '600' : '800' },
  })),
];

const memory = HELD_CHANNELS.map((channels): Row => ({
  ...{
    id: `channel-${channels}`,
    group: 'memory',
    title: `memory of one of ${channels.toLocaleString('en')} held channels`,
  },
  ...{ unit: 'KB', ...less, aim: 30, asterisk: '131' },
}));

export const rows: readonly Row[] = [
  { id: 'idle', group: 'idle', title: 'memory when idle', unit: 'MB', ...less, aim: 120, asterisk: '67.4' },
  ...inbound,
  ...rest,
  {
    ...{ id: 'get-16', group: 'get', title: 'GET of an endpoint, 16 connections', unit: 'requests/s' },
    ...{ ...more, aim: 40_000, asterisk: '114,179' },
  },
  ...fanOut,
  ...calls,
  ...memory,
];
