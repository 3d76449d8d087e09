// The framing of the drachtio protocol: "length#payload", the length in octets.
import { ByteQueue } from '../transport/byte-queue.ts';

export class FrameReader {
  readonly #queue = new ByteQueue();
  readonly #maxFrame: number;

  constructor(maxFrame: number) {
    this.#maxFrame = maxFrame;
  }

  /** The payloads that are complete now; `isBroken` when what follows is no frame, or too large a one. */
  push(chunk: Buffer): { readonly payloads: Buffer[]; readonly isBroken: boolean } {
    this.#queue.push(chunk);
    const payloads: Buffer[] = [];
    for (;;) {
      const head = this.#queue.octets.subarray(0, 10);
      const hash = head.indexOf('#');
      const digits = head.toString('latin1', 0, hash < 0 ? head.length : hash);
      const isBroken =
        !/^\d*$/.test(digits) || hash === 0 || (hash < 0 && head.length === 10) || Number(digits) > this.#maxFrame;
      if (isBroken) return { payloads, isBroken };
      const size = Number(digits);
      if (hash < 0 || this.#queue.length < hash + 1 + size) return { payloads, isBroken: false };
      this.#queue.drop(hash + 1);
      payloads.push(this.#queue.take(size));
    }
  }
}

/** A payload as its leader's tokens, and the SIP message after the first CRLF. */
export function readPayload(payload: Buffer): { readonly tokens: string[]; readonly message: Buffer | undefined } {
  const end = payload.indexOf('\r\n');
  const tokens = payload.toString('latin1', 0, end < 0 ? payload.length : end).split('|');
  return { tokens, message: end < 0 ? undefined : payload.subarray(end + 2) };
}

export function writeFrame(tokens: readonly (string | number)[], message?: Buffer): Buffer {
  const leader = tokens.join('|') + (message === undefined ? '' : '\r\n');
  const size = leader.length + (message?.length ?? 0);
  const head = Buffer.from(`${size}#${leader}`, 'latin1');
  return message === undefined ? head : Buffer.concat([head, message]);
}
