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

/** `random`: from 0 up to 1. */
export function newKeys(random: () => number): Keys {
  const octets = (count: number): Buffer =>
    Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
  const hash = [...octets(32)].map((octet) => octet.toString(16).toUpperCase().padStart(2, '0')).join(':');
  return {
    ufrag: octets(4).toString('hex'),
    pwd: octets(12).toString('hex'),
    fingerprint: `sha-256 ${hash}`,
    crypto: octets(30).toString('base64'),
  };
}
