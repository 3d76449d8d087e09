// How V8 collects the garbage of this process.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/**
 * Nearly all that is made for a request or an event is garbage a moment later. V8 guesses by a sample which objects stay,
 * and makes all later ones of that kind old from the start: what once waited in a burst, or for one slow client, would make
 * old garbage of everybody's events for hours, with all that hangs on it, and the pauses of the collector longer.
 */
export function expectShortLives(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/** Milliseconds between two looks, and the part of them in which a thread that is calm does anything. */
const LOOK_EVERY = 1_000;
const CALM = 0.05;
/** Bytes of the heap: for less it is not worth it. */
const WORTH = 16 * 1024 * 1024;

/** The heap of this process, and how busy its thread is. */
export interface Heap {
  /** Bytes, garbage among them. */
  size(): number;
  /** Of the time since the last call the part, from 0 to 1, in which the thread did anything. */
  busyness(): number;
  collect(): void;
}

/** Undefined without `--expose-gc`. */
export function heapOfProcess(): Heap | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  let before = performance.eventLoopUtilization();
  return {
    size: () => getHeapStatistics().total_heap_size,
    busyness() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    // What is left is moved together: it lies among the garbage, a little on every page.
    collect() {
      setFlagsFromString('--compact-on-every-full-gc');
      gc();
      setFlagsFromString('--no-compact-on-every-full-gc');
    },
  };
}

/**
 * V8 collects when much is made; what a burst, or the start, has left behind it holds until the next one. So it is collected in a
 * calm second: at once for what the start has left (sources, what they were compiled from, what documents were made of), later
 * whenever the heap has grown. It takes a moment, the longer the more is held: 42 ms after 32,000 MESSAGEs.
 */
export function keepTidy(heap: Heap | undefined = heapOfProcess()): void {
  if (heap === undefined) return;
  heap.collect();
  let least = heap.size();
  setInterval(() => {
    least = Math.min(least, heap.size());
    if (heap.busyness() >= CALM || heap.size() < least + WORTH) return;
    heap.collect();
    least = heap.size();
  }, LOOK_EVERY).unref();
}
