// What a description of ours presents where ICE, DTLS or SDES ask for keys: made up, since nothing is ever sent.

export interface Keys {
  /** RFC 8839 5.4. */
  readonly ufrag: string;
  readonly pwd: string;
  /** With the name of its hash (RFC 8122 5): of no certificate, or of the one that the far end was told last. */
  readonly fingerprint: string;
  /** A key and a salt, of 30 octets, in Base64 (RFC 4568 6.1). */
  readonly crypto: string;
}

/** `random`: from 0 up to 1. `fingerprint`: of the certificate that the far end was told last, if it was told one. */
export const newKeys = (random: () => number, fingerprint?: string): Keys => new MadeUp(random, fingerprint);

/** Each is made when it is asked for first: a call without encryption, as most are, never asks for 78 random octets. */
class MadeUp implements Keys {
  readonly #random: () => number;
  #ufrag: string | undefined;
  #pwd: string | undefined;
  #fingerprint: string | undefined;
  #crypto: string | undefined;

  constructor(random: () => number, fingerprint: string | undefined) {
    this.#random = random;
    this.#fingerprint = fingerprint;
  }

  get ufrag(): string {
    return (this.#ufrag ??= this.#octets(4).toString('hex'));
  }

  get pwd(): string {
    return (this.#pwd ??= this.#octets(12).toString('hex'));
  }

  get fingerprint(): string {
    return (this.#fingerprint ??= `sha-256 ${[...this.#octets(32)].map(inHex).join(':')}`);
  }

  get crypto(): string {
    return (this.#crypto ??= this.#octets(30).toString('base64'));
  }

  #octets(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => Math.floor(this.#random() * 256)));
  }
}

const inHex = (octet: number): string => octet.toString(16).toUpperCase().padStart(2, '0');
