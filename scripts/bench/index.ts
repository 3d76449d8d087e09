// npm run bench: puts load on Arion, or on another ARI server, and prints what it found beside aims, Asterisk, and floors.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bench } from './bench.ts';
import { better, compare, told } from './compare.ts';
import { curves } from './curves.ts';
import { calls, idle, memory } from './groups/calls.ts';
import { fanOut } from './groups/fanout.ts';
import { inbound } from './groups/inbound.ts';
import { get, rest } from './groups/rest.ts';
import { hasSipp } from './groups/sipp.ts';
import { Unmeasurable } from './load.ts';
import { goAhead, goBack, machine } from './machine.ts';
import { readOptions, usage, type Options } from './options.ts';
import { written, type Figure, type Point, type Result } from './results.ts';
import { rows, type GroupName } from './rows.ts';
import { report } from './table.ts';

const COMMITTED = join(import.meta.dirname, 'results.json');
/** How often a row is measured that seems worse. */
const TIMES = 3;

const groups: Readonly<Record<GroupName, (bench: Bench) => Promise<Figure[]>>> = {
  ...{ idle, inbound, rest, get, fanout: fanOut, calls, memory },
};

function tell({ name, of, lost, latency, cpu, rss, drops, isDisturbed }: Point): void {
  const time = latency.p99 === undefined ? '' : `, p50 ${latency.p50} p99 ${latency.p99} ms`;
  const used = `CPU ${cpu.service} % (tools ${cpu.tools}, others ${cpu.other}${isDisturbed ? ': disturbed' : ''})`;
  const dropped = Object.entries(drops).map(([counter, count]) => `, ${counter} ${count}`);
  console.error(`  ${of.padEnd(7)} ${name}: lost ${lost}${time}, ${used}, ${rss.toFixed(0)} MB${dropped.join('')}`);
}

async function measured(bench: Bench, names: readonly GroupName[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const name of names) {
    if ((name === 'calls' || name === 'memory') && !hasSipp()) {
      console.error(`${name}: left out, since SIPp is not installed (Debian: apt install sip-tester)`);
      continue;
    }
    console.error(name);
    bench.title = name;
    figures.push(...(await groups[name](bench)));
  }
  return figures;
}

function committedFigures(): readonly Figure[] {
  if (!existsSync(COMMITTED)) throw new Unmeasurable(`--compare: there is no ${COMMITTED} to compare with.`);
  return (JSON.parse(readFileSync(COMMITTED, 'utf8')) as Result).figures;
}

/** Compares with what is committed; a row that seems worse is measured again, and its best counts. */
async function compared(bench: Bench, names: readonly GroupName[], figures: Figure[], committed: readonly Figure[]) {
  const asked = rows.filter(({ group }) => names.includes(group));
  let verdicts = compare(asked, figures, committed);
  for (let times = 1; times < TIMES && verdicts.some(({ is }) => is === 'worse'); times++) {
    const worse = asked.filter(({ id }) => verdicts.some((each) => each.id === id && each.is === 'worse'));
    const again = await measured(bench, [...new Set(worse.map(({ group }) => group))]);
    for (const row of worse) {
      const index = figures.findIndex(({ id }) => id === row.id);
      const other = again.find(({ id }) => id === row.id);
      if (other !== undefined) figures[index] = better(row, figures[index]!, other);
    }
    verdicts = compare(asked, figures, committed);
  }
  return { lines: told(asked, verdicts), isWorse: verdicts.some(({ is }) => is === 'worse') };
}

function build(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  if (status !== 0) throw new Unmeasurable('Arion cannot be built.');
}

async function main({
  groups: names,
  secs,
  out,
  isComparing,
  withCurves,
  withProfiles,
  attached,
}: Options): Promise<void> {
  const committed = isComparing ? committedFigures() : undefined;
  if (attached === undefined) build();
  // What is started from here on inherits it.
  const ahead = [process.pid, ...(attached?.pids ?? [])];
  const isAhead = goAhead(ahead);
  try {
    const bench = new Bench({ secs, withProfiles, onPoint: tell, ...(attached !== undefined && { attached }) });
    const figures = await measured(bench, names);
    const comparison = committed && (await compared(bench, names, figures, committed));
    const result: Result = {
      ...{ machine: machine(), subject: attached?.url.href ?? 'Arion', isAhead, secs, figures },
      points: bench.points,
      ...(withProfiles && { profiles: bench.profiles.slice() }),
      ...(withCurves && { curves: await curves(bench) }),
    };
    const text = report(result);
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'results.json'), written(result));
    writeFileSync(join(out, 'results.md'), text);
    console.log(`\n${text}`);
    for (const line of comparison?.lines ?? []) console.log(line);
    if (comparison?.isWorse) process.exitCode = 1;
  } finally {
    goBack(ahead);
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(usage);
  else await main(options);
} catch (error) {
  if (!(error instanceof Unmeasurable)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
