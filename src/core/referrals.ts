// Referrals outside of calls: the wish that someone may contact someone else, by the technology that the address names.
import { Fault } from '../errors.ts';
import { parseAddress } from '../ids.ts';
import type { Referrer } from './technology.ts';

export interface Referral {
  readonly from: string;
  /** Whom to contact: an address of the technology. */
  readonly referTo: string;
  /** The name to show of whom is to be contacted; empty for none. */
  readonly displayName: string;
  /** Whom is to be contacted is reached through us. */
  readonly toSelf: boolean;
  readonly variables: Readonly<Record<string, string>>;
}

export class Referrals {
  readonly #referrers = new Map<string, Referrer>();

  addReferrer(referrer: Referrer): void {
    this.#referrers.set(referrer.scheme, referrer);
  }

  /** Hands it to the technology before the colon of `to`. Fails with a Fault 'not-found' when there is none, or as that fails. */
  async send(to: string, referral: Referral): Promise<void> {
    const parsed = parseAddress(to);
    const referrer = parsed && this.#referrers.get(parsed.scheme);
    if (parsed === undefined || referrer === undefined) {
      throw new Fault('not-found', `Nothing sends referrals to ${to}`, { code: 'destination-not-found' });
    }
    await referrer.refer(parsed.address, referral);
  }
}
