// When a connection that has failed is tried again.

/** Milliseconds. */
const FIRST = 1_000;
const MOST = 60_000;

/** In milliseconds, doubled with each failure in a row, and somewhat at random, so that not all come at once. */
export const backOff = (failures: number, random: () => number): number =>
  Math.round(Math.min(FIRST * 2 ** failures, MOST) * (0.75 + random() / 2));
