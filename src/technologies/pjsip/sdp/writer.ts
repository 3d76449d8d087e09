// Writes the descriptions of one session of ours: whoever's streams they carry, we are their origin.
import { regrouped, type Renaming } from './mids.ts';
import { writeDescription, type Stream } from './session-description.ts';

export interface Draft {
  /** The head of the peer's description when the streams are the peer's, else undefined. */
  readonly head?: readonly string[];
  /** Of the peer's streams, in this session. */
  readonly names?: Renaming;
  /** Streams of ours that ride together (RFC 8843). */
  readonly bundled?: readonly string[];
  /** An answer repeats the time of the offer (RFC 3264 6). */
  readonly timing?: readonly string[];
  readonly streams: readonly Stream[];
}

/** Of who the peer is nothing is passed on, of its media all. */
const IS_PASSED = /^[cbka]=/;

export class Writer {
  readonly #connection: string;
  readonly #sessionId: number;
  #version = 0;
  /** What was written last. */
  #last: string | undefined;

  constructor(sessionId: number, address: string) {
    this.#sessionId = sessionId;
    this.#connection = `IN IP${address.includes(':') ? 6 : 4} ${address}`;
  }

  /** The version rises by one with each description that differs from the last one (RFC 3264 8). */
  write({ head, names = new Map(), bundled = [], timing = ['t=0 0'], streams }: Draft): string {
    const passed = regrouped(head ?? [], names).filter((line) => IS_PASSED.test(line));
    const isOf = (kinds: string) => (line: string) => kinds.includes(line.charAt(0));
    const connection = head === undefined ? [`c=${this.#connection}`] : passed.filter(isOf('c'));
    const below = [
      's=-',
      ...connection,
      ...passed.filter(isOf('b')),
      ...timing,
      ...passed.filter(isOf('ka')),
      ...(bundled.length > 0 ? [`a=group:BUNDLE ${bundled.join(' ')}`] : []),
    ];
    // Each stream has an address, if the session has none (RFC 8866 5.7).
    const addressed = streams.map((each) => (connection.length > 0 || hasAddress(each) ? each : this.#addressed(each)));
    const text = writeDescription({ head: below, streams: addressed });
    if (this.#last !== this.#headed(text)) {
      this.#version += 1;
      this.#last = this.#headed(text);
    }
    return this.#last;
  }

  /** With what stands above it in this version. */
  #headed(text: string): string {
    return `v=0\r\no=- ${this.#sessionId} ${this.#version} ${this.#connection}\r\n${text}`;
  }

  #addressed(stream: Stream): Stream {
    return { ...stream, lines: [`c=${this.#connection}`, ...stream.lines] };
  }
}

const hasAddress = ({ lines }: Stream): boolean => lines.some((line) => line.startsWith('c='));

export const timingOf = (head: readonly string[]): string[] => {
  const lines = head.filter((line) => /^[trz]=/.test(line));
  return lines.length > 0 ? lines : ['t=0 0'];
};
