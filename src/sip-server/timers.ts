// The clock, and the durations of RFC 3261's timers: the one place that knows either.

/** Whoever tells the time and wakes us; a test hands in its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  setTimer(ms: number, run: () => void): unknown;
  clearTimer(handle: unknown): void;
}

export const systemClock: Clock = {
  now: Date.now,
  setTimer: (ms, run) => setTimeout(run, ms),
  clearTimer: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** Milliseconds (RFC 3261 17.1.1.1): an estimate of the round trip, the longest interval, a message's life in the network. */
export interface TimerValues {
  readonly T1: number;
  readonly T2: number;
  readonly T4: number;
}

export const defaultTimerValues: TimerValues = { T1: 500, T2: 4000, T4: 5000 };

export interface Timer {
  cancel(): void;
}

/** Every running timer of the server, so that stopping it leaves none behind. */
export class Timers {
  readonly T1: number;
  readonly T2: number;
  readonly T4: number;
  /** How long a transaction waits for the other side: timers B, D, F, H, J, L and M. */
  readonly patience: number;
  readonly #clock: Clock;
  readonly #running = new Set<Timer>();
  #isStopped = false;

  constructor(clock: Clock = systemClock, { T1, T2, T4 }: TimerValues = defaultTimerValues) {
    this.#clock = clock;
    this.T1 = T1;
    this.T2 = T2;
    this.T4 = T4;
    this.patience = 64 * T1;
  }

  now(): number {
    return this.#clock.now();
  }

  /** More than Node's timers can hold (24 days) is as long as they can. */
  after(ms: number, run: () => void): Timer {
    if (this.#isStopped) return { cancel: () => undefined };
    const timer: Timer = {
      cancel: () => {
        if (this.#running.delete(timer)) this.#clock.clearTimer(handle);
      },
    };
    const handle = this.#clock.setTimer(Math.min(ms, 2 ** 31 - 1), () => {
      this.#running.delete(timer);
      run();
    });
    this.#running.add(timer);
    return timer;
  }

  /** Runs after `first` ms, then each time after twice as long, but never more than `longest`. */
  repeat(first: number, longest: number, run: () => void): Timer {
    let interval = first;
    const again = (): void => {
      interval = Math.min(2 * interval, longest);
      timer = this.after(interval, again);
      run();
    };
    let timer = this.after(interval, again);
    return { cancel: () => timer.cancel() };
  }

  /** For good: nothing can be started afterwards. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of [...this.#running]) timer.cancel();
  }
}
