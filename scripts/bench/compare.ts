// Two results beside each other: what is worse than it was, as ratios to the floors of their own runs.
import { ratio, type Figure } from './results.ts';
import { meets } from './table.ts';
import type { Row } from './rows.ts';

export interface Verdict {
  readonly id: string;
  readonly is: 'worse' | 'better' | 'same' | 'new' | 'gone';
  /** In parts: 0.1 is a tenth worse, -0.1 a tenth better. */
  readonly worseBy?: number;
  readonly why?: string;
}

/** More than so large a part is no noise. */
export const TOLERANCE = 0.1;

/** What stands for a figure: its ratio to its floor, or itself if it has none. */
const measureOf = (figure: Figure): number | undefined => ratio(figure) ?? figure.value;

/** How much worse one measure is than another, as a part of the other. */
function worsening({ better }: Row, now: number, before: number): number {
  const loss = better === 'more' ? before - now : now - before;
  return loss === 0 ? 0 : loss / before;
}

function verdict(row: Row, now: Figure | undefined, before: Figure | undefined): Verdict | undefined {
  const { id } = row;
  if (now === undefined && before === undefined) return undefined;
  if (now === undefined) return { id, is: 'gone' };
  if (before === undefined) return { id, is: 'new' };
  if (now.failed !== undefined) {
    return before.failed === undefined ? { id, is: 'worse', why: now.failed } : { id, is: 'same', why: now.failed };
  }
  const [measured, earlier] = [measureOf(now), measureOf(before)];
  if (before.failed !== undefined || measured === undefined || earlier === undefined) return { id, is: 'new' };
  const worseBy = worsening(row, measured, earlier);
  if (worseBy <= TOLERANCE) return { id, is: worseBy < -TOLERANCE ? 'better' : 'same', worseBy };
  const isForgiven = row.isTail === true && meets(row, now.value!) === true;
  return { id, is: isForgiven ? 'same' : 'worse', worseBy };
}

/** Of those rows that at least one of them has. */
export function compare(rows: readonly Row[], now: readonly Figure[], before: readonly Figure[]): Verdict[] {
  const of = (figures: readonly Figure[], id: string): Figure | undefined => figures.find((each) => each.id === id);
  return rows.flatMap((row) => verdict(row, of(now, row.id), of(before, row.id)) ?? []);
}

/** The better one of two measurements of the same row. */
export function better(row: Row, one: Figure, other: Figure): Figure {
  if (one.failed !== undefined || other.failed !== undefined) return one.failed === undefined ? one : other;
  const [first, second] = [measureOf(one), measureOf(other)];
  if (first === undefined || second === undefined) return first === undefined ? other : one;
  return worsening(row, first, second) > 0 ? other : one;
}

function percent(worseBy: number): string {
  const rounded = Math.round(worseBy * 100);
  return rounded === 0 ? 'as before' : `${Math.abs(rounded)} % ${rounded > 0 ? 'worse' : 'better'}`;
}

/** One line for each row, in words. */
export const told = (rows: readonly Row[], verdicts: readonly Verdict[]): string[] =>
  verdicts.map(({ id, is, worseBy, why }) => {
    const { title } = rows.find((row) => row.id === id)!;
    switch (is) {
      case 'new':
        return `new     ${title}: the committed results do not have it`;
      case 'gone':
        return `gone    ${title}: it was not measured now`;
      case 'worse':
      case 'better':
      case 'same':
        return `${is.padEnd(7)} ${title}: ${why ?? percent(worseBy ?? 0)}`;
    }
  });
