// The highest rung of a ladder that can be stood on.

/** Milliseconds: a load whose slowest hundredth takes longer is not carried, it only piles up until something is lost. */
export const PILING_UP = 250;

/** Bisects: what holds on one rung is taken to hold on every lower one. Undefined when not even the first does. */
export async function highest(
  rungs: readonly number[],
  holds: (rung: number) => Promise<boolean>,
): Promise<number | undefined> {
  let [low, high] = [-1, rungs.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await holds(rungs[middle]!)) low = middle;
    else high = middle;
  }
  return rungs[low];
}

/** From one number to another in steps of so large a part. */
export function geometric(from: number, to: number, step: number): number[] {
  const rungs: number[] = [];
  for (let rung = from; rung <= to; rung *= 1 + step) rungs.push(Math.round(rung));
  return rungs;
}
