// Divides a stream into SIP messages by their Content-Length (RFC 3261 18.3).
import { ByteQueue } from './byte-queue.ts';

export type StreamPart =
  | { readonly kind: 'message'; readonly octets: Buffer }
  /** CRLFCRLF, to be answered with CRLF (RFC 5626 3.5.1). */
  | { readonly kind: 'keepalive' }
  /** Nobody can tell where the next message begins. `octets`: the headers, if there were any to answer to. */
  | { readonly kind: 'broken'; readonly octets: Buffer | undefined };

const endOfHeaders = '\r\n\r\n';

export class StreamFramer {
  readonly #queue = new ByteQueue();
  readonly #maxMessage: number;
  /** How far we have looked for the end of the headers. */
  #searched = 0;
  /** The size of the message that has begun, once its headers are there. */
  #size = 0;
  #broken = false;

  /** `maxMessage`: octets of one message, headers included. */
  constructor(maxMessage: number) {
    this.#maxMessage = maxMessage;
  }

  /** A message has begun and is not complete. */
  get isPartial(): boolean {
    // Up to three octets may be the beginning, or half, of a keepalive.
    return this.#queue.length > 3 || (this.#queue.length > 0 && this.#queue.octets[0] !== 13);
  }

  push(chunk: Buffer): StreamPart[] {
    if (this.#broken) return [];
    this.#queue.push(chunk);
    const parts: StreamPart[] = [];
    for (let part = this.#next(); part !== undefined; part = this.#next()) {
      parts.push(part);
      if (part.kind === 'broken') this.#broken = true;
      if (this.#broken) break;
    }
    return parts;
  }

  #next(): StreamPart | undefined {
    if (this.#size === 0) {
      const part = this.#begin();
      if (part !== undefined || this.#size === 0) return part;
    }
    if (this.#queue.length < this.#size) return undefined;
    const octets = this.#queue.take(this.#size);
    this.#size = 0;
    this.#searched = 0;
    return { kind: 'message', octets };
  }

  /** Skips empty lines, then finds the headers' end and with it the size of the message. */
  #begin(): StreamPart | undefined {
    const waiting = this.#queue.octets;
    const isEmptyLine = (at: number): boolean => waiting[at] === 13 && waiting[at + 1] === 10;
    if (isEmptyLine(0) && isEmptyLine(2)) {
      this.#queue.drop(4);
      return { kind: 'keepalive' };
    }
    if (isEmptyLine(0) && waiting.length > 2 && waiting[2] !== 13) this.#queue.drop(2);
    const { octets } = this.#queue;
    const end = octets.indexOf(endOfHeaders, this.#searched);
    // The same whether the end has come with this piece or not, so that it does not matter where the stream was cut.
    if ((end < 0 ? octets.length : end + 4) > this.#maxMessage) return { kind: 'broken', octets: undefined };
    if (end < 0) {
      this.#searched = Math.max(0, octets.length - 3);
      return undefined;
    }
    const headers = octets.subarray(0, end + 4);
    const length = contentLength(headers.toString('latin1'));
    if (length === undefined || headers.length + length > this.#maxMessage)
      return { kind: 'broken', octets: Buffer.from(headers) };
    this.#size = headers.length + length;
    return undefined;
  }
}

/** 0 when it is missing; undefined when it is malformed or there are two. */
function contentLength(headers: string): number | undefined {
  const values = new Set<string>();
  for (const [, value] of headers.matchAll(/\r\n(?:content-length|l)[ \t]*:((?:[^\r]|\r\n[ \t])*)/gi))
    values.add(value!.trim());
  const [value = '0'] = values;
  return values.size <= 1 && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
