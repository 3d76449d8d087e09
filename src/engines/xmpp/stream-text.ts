// The text of a stream as the library's parser can read it: what XMPP forbids is found, and sections of CDATA are escaped.

/** What the library would lose text behind: it is given the same, escaped. */
const CDATA = /<!\[CDATA\[([\s\S]*?)\]\]>/g;
/** The end of a text that may be the beginning of one, or of what is forbidden. */
const UNFINISHED = /<(\?(x(m(l)?)?)?|!(\[(C(D(A(T(A(\[[\s\S]*)?)?)?)?)?)?)?)?$/;
/** Comments, types of documents, and instructions but the one at the beginning (RFC 6120 11.1). */
const FORBIDDEN = /<!|<\?(?!xml )/;

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (each) => ({ '&': '&amp;', '<': '&lt;' })[each] ?? '&gt;');

export class StreamText {
  /** What cannot be understood before more comes. */
  #held = '';

  /** What can be read by now. Fails when something forbidden has come. `hasBegun`: the stream's tag was read. */
  next(data: string, hasBegun: boolean): string {
    const text = (this.#held + data).replace(CDATA, (_, inner: string) => escaped(inner));
    this.#held = UNFINISHED.exec(text)?.[0] ?? '';
    const read = text.slice(0, text.length - this.#held.length);
    if (FORBIDDEN.test(read) || (hasBegun && read.includes('<?')))
      throw new Error('Comments, instructions and types of documents are forbidden in XMPP');
    return read;
  }
}

/** Of one tag or text that does not end. */
export class Patience {
  readonly #most: number;
  /** Of what was written since the parser said something. */
  #silent = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Fails when that was too much, besides the last. */
  written(length: number): void {
    if (this.#silent > this.#most) throw new Error('A tag or a text does not end');
    this.#silent += length;
  }

  said(): void {
    this.#silent = 0;
  }
}
