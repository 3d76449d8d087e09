// Percentiles of what was timed here, in the form of the load tools.
import type { Latency } from './load.ts';

export function latencyOf(milliseconds: readonly number[]): Latency {
  const count = milliseconds.length;
  if (count === 0) return { count };
  const sorted = Float64Array.from(milliseconds).sort();
  // The smallest that so large a part of them does not exceed.
  const at = (part: number): number => Math.round(sorted[Math.max(Math.ceil(part * count), 1) - 1]! * 1000) / 1000;
  return { count, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
