// A result as Markdown.
import type { Profile } from './profile.ts';
import { ratio, type Curve, type Figure, type Machine, type Result } from './results.ts';
import { ASTERISK_SOURCE, rows, type Row } from './rows.ts';

const number = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
const shown = (value: number | undefined): string => (value === undefined ? '–' : number(value));

/** A table, its columns as wide as they must be; the first is aligned left, the others right. */
export function markdown(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(3, ...lines.map((line) => line[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(lines[0]!), rule, ...lines.slice(1).map(line)].join('\n');
}

export const meets = ({ better, aim }: Row, value: number): boolean | undefined =>
  aim === undefined ? undefined : better === 'more' ? value >= aim : value <= aim;

function cells(row: Row, figure: Figure): string[] {
  const { value, floor, failed, isDisturbed } = figure;
  const isMet = failed === undefined && value !== undefined && meets(row, value);
  const aim =
    row.aim === undefined ? '' : `${row.better === 'more' ? '≥' : '≤'} ${number(row.aim)} ${isMet ? '✓' : '✗'}`;
  const part = ratio(figure);
  return [
    `${row.title}${isDisturbed ? ' (disturbed)' : ''}`,
    `${shown(value)} ${row.unit}${failed === undefined ? '' : ` (${failed})`}`,
    ...[aim, row.asterisk ?? '–', shown(floor), part === undefined ? '–' : part.toFixed(2)],
  ];
}

function about({ cpu, cores, memoryGb, system, node, commit, date }: Machine): string {
  return `${cores} × ${cpu}, ${memoryGb} GB, ${system}, Node.js ${node}, commit ${commit}, ${date}`;
}

const curveTable = ({ title, points }: Curve): string =>
  `${title}\n\n${markdown([
    ['', 'µs of CPU per MESSAGE', 'ratio to the first', 'memory, MB'],
    ...points.map(({ of, microseconds, rss }) => [
      ...[number(of), number(microseconds), (microseconds / points[0]!.microseconds).toFixed(2), number(rss)],
    ]),
  ])}`;

const profileTable = ({ title, threads }: Profile): string =>
  threads
    .map(({ name, busy, shares }) => {
      const lines = shares.map(({ of, share }) => [of, `${(100 * share).toFixed(1)} %`]);
      return `${title}, ${name} thread, busy for ${number(busy)} s:\n\n${markdown([['time of', 'share'], ...lines])}`;
    })
    .join('\n\n');

export function report({ machine, subject, isAhead, secs, figures, profiles = [], curves = [] }: Result): string {
  const found = rows.flatMap((row) => {
    const figure = figures.find(({ id }) => id === row.id);
    return figure === undefined ? [] : [cells(row, figure)];
  });
  const scheduling = isAhead ? 'ahead of all else (SCHED_RR)' : 'beside all else: real-time scheduling was not allowed';
  const parts = [
    `${subject}: ${about(machine)}. Service and load tools on the same machine, ${scheduling}; ${secs} s a point.`,
    ...(found.length > 0 ? [markdown([['', subject, 'aim', 'Asterisk', 'floor', 'ratio'], ...found])] : []),
    ...(found.length > 0
      ? [
          `Asterisk: ${ASTERISK_SOURCE}. Floor: a bare program that does as little as can be done, in the same run; ratio: to it. ` +
            'Disturbed: other processes used more than 24 % of a core.',
        ]
      : []),
    ...profiles.map(profileTable),
    ...curves.map(curveTable),
  ];
  return `${parts.join('\n\n')}\n`;
}
