// What we show to those who ask who we are: the challenges that we hold, and the header lines that answer them.
import { answerable, authorization, parseDigest, type Answerable } from './digest.ts';
import { divide } from './name-address.ts';
import type { AuthObject } from './objects/index.ts';
import type { SipHeader, SipResponse } from './stack.ts';

interface Held extends Answerable {
  /** How often its nonce has been used. */
  readonly count: number;
  /** How often a challenge of that kind and realm was answered since `begin`. */
  readonly answered: number;
}

/** For one request, or for the requests of a registration, which go on for days. */
export class Credentials {
  readonly #auths: readonly AuthObject[];
  readonly #cnonce: () => string;
  /** By header and realm. */
  readonly #held = new Map<string, Held>();

  constructor(auths: readonly AuthObject[], cnonce: () => string) {
    this.#auths = auths;
    this.#cnonce = cnonce;
  }

  /** A new request follows. What was right for the one before is shown at once, and may be asked for anew. */
  begin(): void {
    for (const [key, held] of this.#held) this.#held.set(key, { ...held, answered: 0 });
  }

  /**
   * Takes the challenges of a 401 or a 407. Says whether to try again: each side and realm is answered once, and once more
   * when only its nonce had become old (stale, RFC 7616 3.3).
   */
  take(response: SipResponse): boolean {
    let isNew = false;
    for (const each of answerable(response, this.#auths)) {
      const answered = this.#held.get(keyOf(each))?.answered ?? 0;
      const isStale = each.challenge.get('stale')?.toLowerCase() === 'true';
      if (answered > (isStale ? 1 : 0)) continue;
      this.#held.set(keyOf(each), { ...each, count: 0, answered: answered + 1 });
      isNew = true;
    }
    return isNew;
  }

  /** What was shown is right. The other side may have named its next nonce (RFC 7616 3.5). */
  accepted(response: SipResponse): void {
    const nonce = nextNonce(response);
    if (nonce === undefined) return;
    for (const [key, held] of this.#held) {
      if (held.header !== 'Authorization') continue;
      this.#held.set(key, { ...held, challenge: new Map([...held.challenge, ['nonce', nonce]]), count: 0 });
    }
  }

  /** For the next request. */
  headers(request: { readonly method: string; readonly uri: string }): SipHeader[] {
    return [...this.#held].map(([key, held]) => {
      const count = held.count + 1;
      this.#held.set(key, { ...held, count });
      return [held.header, authorization(held.challenge, request, held.auth, this.#cnonce(), count)];
    });
  }
}

const keyOf = ({ header, realm }: Answerable): string => `${header} ${realm}`;

/** Its fields are written like those of a challenge, but without a scheme before them. */
const nextNonce = ({ headers }: SipResponse): string | undefined =>
  headers
    .all('Authentication-Info')
    .flatMap((line) => divide(line, ','))
    .flatMap((field) => parseDigest([`Digest ${field}`]))
    .map((fields) => fields.get('nextnonce'))
    .find((nonce) => nonce !== undefined && nonce !== '');
