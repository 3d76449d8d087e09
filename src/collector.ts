// How V8 collects the garbage of this process.
import { setFlagsFromString } from 'node:v8';

/**
 * Nearly all that is made for a request or an event is garbage a moment later. V8 guesses by a sample which objects stay,
 * and makes all later ones of that kind old from the start: what once waited in a burst, or for one slow client, would make
 * old garbage of everybody's events for hours, with all that hangs on it, and the pauses of the collector longer.
 */
export function expectShortLives(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/**
 * What the start leaves behind (sources, what they were compiled from, what documents were made of) is collected, and what is left
 * moved together: else the process holds both until much is made. Within a tenth of a second; not at all without `--expose-gc`.
 */
export function clearAfterStart(): void {
  if (globalThis.gc === undefined) return;
  setFlagsFromString('--compact-on-every-full-gc');
  globalThis.gc();
  setFlagsFromString('--no-compact-on-every-full-gc');
}
