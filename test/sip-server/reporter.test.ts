// What is thrown away is counted each time, and logged once in a while.
import { expect, test } from 'vitest';
import { createMetrics } from '../../src/sip-server/metrics.ts';
import { defaultLimits } from '../../src/sip-server/options.ts';
import { Reporter } from '../../src/sip-server/reporter.ts';
import { Timers } from '../../src/sip-server/timers.ts';
import { TestClock } from './clock.ts';

test('the first of a kind is logged at once, then how many in each period, and nothing when there were none', () => {
  const clock = new TestClock();
  const lines: string[] = [];
  const metrics = createMetrics(defaultLimits);
  const reporter = new Reporter(metrics, new Timers(clock), (level, text) => lines.push(`${level} ${text}`));
  for (const from of ['one', 'two', 'three']) reporter.report('flood', from);
  reporter.report('tcp-idle', 'somebody');
  expect(lines).toEqual(['warn flood: one', 'warn tcp-idle: somebody']);
  clock.pass(60_000);
  expect(lines.slice(2)).toEqual(['warn flood: 2 more in 60 s, at last three']);
  reporter.report('flood', 'four');
  clock.pass(60_000);
  expect(lines.slice(3)).toEqual(['warn flood: 1 more in 60 s, at last four']);
  clock.pass(120_000);
  expect([lines.length, clock.size]).toEqual([4, 0]);
  reporter.report('flood', 'five');
  expect(lines.slice(4)).toEqual(['warn flood: five']);
  expect([metrics.drops.flood, metrics.drops['tcp-idle']]).toEqual([5, 1]);
});
