// What a run has found, as it is kept in JSON.
import type { Latency } from './load.ts';
import type { Cpu } from './proc.ts';
import type { Profile } from './profile.ts';

/** The value of a row. */
export interface Figure {
  readonly id: string;
  readonly value?: number;
  /** The same of a bare program that does as little as can be done, measured in the same run. */
  readonly floor?: number;
  /** What went wrong: then the value does not count. */
  readonly failed?: string;
  /** Other processes had their part in it. */
  readonly isDisturbed?: true;
}

/** One load that was put on, and what came of it. */
export interface Point {
  readonly name: string;
  readonly of: 'service' | 'floor';
  readonly secs: number;
  /** Of what was sent, or asked for. */
  readonly lost: number;
  readonly latency: Latency;
  readonly cpu: Cpu;
  /** Seconds of CPU time of the service. */
  readonly cpuSecs: number;
  /** MB. */
  readonly rss: number;
  /** Counters of the service that tell of something refused, dropped, closed or given up, as far as they have changed. */
  readonly drops: Readonly<Record<string, number>>;
  readonly isDisturbed: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

/** How the cost of a message grows with something. */
export interface Curve {
  readonly title: string;
  readonly points: readonly { readonly of: number; readonly microseconds: number; readonly rss: number }[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly commit: string;
  readonly date: string;
}

export interface Result {
  readonly machine: Machine;
  /** Whose measurements they are: "Arion", or the URL of another. */
  readonly subject: string;
  /** Whether the measurement went ahead of what else the machine did. */
  readonly isAhead: boolean;
  readonly secs: number;
  readonly figures: readonly Figure[];
  readonly points: readonly Point[];
  readonly curves?: readonly Curve[];
  readonly profiles?: readonly Profile[];
}

/** How a figure stands to its floor. */
export const ratio = ({ value, floor }: Figure): number | undefined =>
  value === undefined || floor === undefined || floor === 0 ? undefined : value / floor;

/** As JSON, with a line for each figure and each point. */
export function written(result: Result): string {
  const members = Object.entries(result).map(([name, value]: [string, unknown]) => {
    const json = Array.isArray(value) ? `[\n${value.map((each) => JSON.stringify(each)).join(',\n')}\n]` : JSON.stringify(value);
    return `${JSON.stringify(name)}: ${json}`;
  });
  return `{\n${members.join(',\n')}\n}\n`;
}
