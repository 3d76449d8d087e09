// Keys that are told to a telephone by INFO.
import type { Clock } from '../../core/clock.ts';
import type { DtmfTiming } from '../../core/technology.ts';
import { Fault } from '../../errors.ts';
import type { OutgoingRequest, SipResponse } from './stack.ts';
import { infoOf } from './supplements/index.ts';

export interface SendingParts {
  readonly clock: Clock;
  /** Sends an INFO; resolves with its response, fails with a Fault when there is no dialog. */
  readonly inform: (parts: Pick<OutgoingRequest, 'headers' | 'body'>) => Promise<SipResponse>;
}

/** In milliseconds, as in Asterisk. */
const BETWEEN = 100;
const DURATION = 100;

/** One INFO for each key. Fails with a Fault 'unprocessable' when one is refused, and as `inform`. */
export async function sendKeys(digits: string, timing: DtmfTiming, { clock, inform }: SendingParts): Promise<void> {
  const { before = 0, after = 0, between = BETWEEN, duration = DURATION } = timing;
  const pause = (ms: number): Promise<void> =>
    ms <= 0 ? Promise.resolve() : new Promise((resolve) => void clock.after(ms, resolve));
  await pause(before);
  for (const [index, digit] of [...digits].entries()) {
    if (index > 0) await pause(between);
    const { status, reason } = await inform(infoOf({ digit, duration }));
    if (status >= 300)
      throw new Fault('unprocessable', `The far end does not take the key ${digit}: ${status} ${reason}`);
    await pause(duration);
  }
  await pause(after);
}
