// A driver that can do whatever a technology may be able to, and of which a test can say when, and how, it is done.
import type { ChannelDriver } from '../../src/core/technology.ts';
import { fakeDriver } from './core.ts';

export interface AbleDriver extends ChannelDriver {
  /** What it was told, in a word. */
  readonly done: string[];
  /** From now on what it is told does not end, until what is returned is called: with an error, it fails. */
  pause(): (failure?: Error) => void;
}

/** Its functions are those of `values`, by their expressions. */
export function ableDriver(values: Record<string, string> = {}): AbleDriver {
  const driver = fakeDriver();
  let isFree = Promise.resolve();
  const does = (what: string): Promise<void> => {
    driver.done.push(what);
    return isFree;
  };
  return {
    ...driver,
    pause() {
      let settle!: (failure?: Error) => void;
      isFree = new Promise((resolve, reject) => {
        settle = (failure) => (failure === undefined ? resolve() : reject(failure));
      });
      return (failure) => {
        isFree = Promise.resolve();
        settle(failure);
      };
    },
    answer: () => does('answer'),
    ring: () => does('ring'),
    stopRinging: () => does('stop ringing'),
    progress: () => does('progress'),
    sendDtmf: (digits, timing) => does(`keys ${digits} ${JSON.stringify(timing)}`),
    hold: () => does('hold'),
    unhold: () => does('unhold'),
    setMuted: (muted) => does(`muted ${JSON.stringify(muted)}`),
    redirect: (resource) => does(`redirect ${resource}`),
    setConnected: ({ name, number }) => does(`connected "${name}" <${number}>`),
    transferProgress: (state) => does(`transfer ${state}`),
    read: (expression) => values[expression],
    write(expression, value) {
      if (!(expression in values)) return false;
      values[expression] = value;
      return true;
    },
  };
}
