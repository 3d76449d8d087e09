// The command line of the benchmark.
import { parseArgs } from 'node:util';
import { Unmeasurable } from './load.ts';
import { groupNames, type GroupName } from './rows.ts';
import type { Attached } from './service.ts';

export const usage = `npm run bench -- [options]: what Arion costs, beside its aims, Asterisk, and the least that can be done.

  --only GROUP,…    of ${groupNames.join(', ')}
  --secs N          seconds of load at each point, 10 if left out
  --quick           a second at each point: whether it works at all
  --out DIR         where results.json and results.md are written, bench/ if left out
  --compare         with the committed results: what is more than 10 % worse than its floor tells is measured up to
                    three times, and ends it with status 1
  --profile         also what the time goes to, thread by thread; the figures are then those of a slower service
  --curves          also how the cost of a MESSAGE grows with endpoints, applications, subscriptions and calls

Arion is built and started by it. Another ARI server that runs on this machine is measured with

  --url http://127.0.0.1:8088/ari
  --sip 127.0.0.1:5060
  --pid N[,N]       whose CPU time and memory are measured
  --user ari:ari
  --sink 5270       the port to which it sends what goes to the endpoint bench

It must know the endpoints "bench" and "sipp" by their From, without credentials; "bench" has the contact
sip:bench@127.0.0.1:5270. An INVITE to 2001 must lead to the application "bench". It must accept 210 WebSockets.
It is restarted by nobody: its memory is that of all that was measured before.

Everything is on loopback. SIPp is needed for calls and memory, a C compiler for all of it.`;

export interface Options {
  readonly groups: readonly GroupName[];
  readonly secs: number;
  readonly out: string;
  readonly isComparing: boolean;
  readonly withCurves: boolean;
  readonly withProfiles: boolean;
  readonly attached?: Attached;
}

function group(name: string): GroupName {
  const found = groupNames.find((each) => each === name);
  if (found === undefined) throw new Unmeasurable(`--only: there is no group "${name}", but ${groupNames.join(', ')}`);
  return found;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Unmeasurable(`--${name}: expected a number, found "${text}"`);
  return value;
}

function loopback(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.port === '' || !['127.0.0.1', 'localhost'].includes(url.hostname))
    throw new Unmeasurable(`--${name}: expected a port of 127.0.0.1, found "${text}": load goes to this machine alone`);
  return url;
}

/** Undefined when only help was asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ only: { type: 'string' }, secs: { type: 'string' }, out: { type: 'string', default: 'bench' } },
      ...{ quick: { type: 'boolean' }, compare: { type: 'boolean' } },
      ...{ curves: { type: 'boolean' }, profile: { type: 'boolean' } },
      ...{ url: { type: 'string' }, sip: { type: 'string', default: '127.0.0.1:5060' }, pid: { type: 'string' } },
      ...{ user: { type: 'string', default: 'ari:ari' }, sink: { type: 'string', default: '5270' } },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  const { only, secs, out, quick, compare, curves, profile, url, sip, pid, user, sink } = values;
  if (url !== undefined && pid === undefined) throw new Unmeasurable('--url: say by --pid whose CPU time is measured');
  if (url !== undefined && curves)
    throw new Unmeasurable('--curves: needs configurations of its own, so only of Arion');
  if (profile && (url !== undefined || compare))
    throw new Unmeasurable('--profile: slows down what it looks at, which must be Arion and is not compared');
  return {
    groups: only === undefined ? groupNames : only === '' ? [] : only.split(',').map(group),
    secs: secs === undefined ? (quick ? 1 : 10) : positive('secs', secs),
    ...{ out, isComparing: compare ?? false, withCurves: curves ?? false, withProfiles: profile ?? false },
    ...(url !== undefined && {
      attached: {
        ...{ url: loopback('url', url), sipPort: Number(loopback('sip', `sip://${sip}`).port), user },
        ...{ pids: pid!.split(',').map((each) => positive('pid', each)), sinkPort: positive('sink', sink) },
      },
    }),
  };
}
