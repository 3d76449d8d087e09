// The library's parser with limits: what is too large or too deep is read past without being kept, what XMPP forbids ends the stream.
import { Patience, StreamText } from './stream-text.ts';

export interface ParserLimits {
  /** The largest stanza, in bytes of what its tags and texts say. */
  readonly maxStanza: number;
  /** How deep the elements of a stanza may lie in each other. */
  readonly maxDepth: number;
}

export type ParserRefusal = 'too-large' | 'too-deep';

/** Of one text or tag that does not end, that many times the largest stanza may be kept until the stream is given up. */
const PATIENCE = 4;
/** `refused` is called with the outermost tag, when the stanza has ended. `write` fails when the stream must end. */
export function guardedParser(
  Parser: XmppjsParserClass,
  { maxStanza, maxDepth }: ParserLimits,
  refused: (head: XmppjsElement, reason: ParserRefusal) => void,
): XmppjsParserClass {
  return class Guarded extends Parser {
    #depth = 0;
    #size = 0;
    readonly #patience = new Patience(maxStanza * PATIENCE);
    /** A stanza has ended, and none has begun. */
    #isBetween = false;
    readonly #text = new StreamText();
    #head: XmppjsElement | undefined;
    #refusal: ParserRefusal | undefined;

    override write(data: string): void {
      const text = this.#text.next(data, this.root !== null);
      this.#patience.written(data.length);
      const said = text.trimEnd();
      super.write(said);
      if (said !== '') this.#isBetween = this.#depth === 1 && said.endsWith('>');
      // Between stanzas white space says that the other side is there; the library would keep all of it.
      if (this.#isBetween) this.#patience.said();
      else super.write(text.slice(said.length));
    }

    override onStartElement(name: string, attrs: Record<string, string>): void {
      this.#patience.said();
      this.#depth += 1;
      if (this.#depth > maxDepth + 1) this.#refuse('too-deep');
      if (this.#depth > 1) this.#count(name, ...Object.keys(attrs), ...Object.values(attrs));
      if (this.#refusal !== undefined && this.#head !== undefined) return;
      super.onStartElement(name, attrs);
      if (this.#depth === 2) this.#head = this.cursor!;
    }

    override onText(text: string): void {
      this.#patience.said();
      if (this.#depth < 2) return;
      this.#count(text);
      if (this.#refusal === undefined) super.onText(text);
    }

    override onEndElement(name: string): void {
      this.#patience.said();
      const [reason, head] = [this.#refusal, this.#head];
      const isStanza = this.#depth === 2;
      this.#depth -= 1;
      if (isStanza) [this.#size, this.#refusal, this.#head] = [0, undefined, undefined];
      if (reason === undefined || head === undefined) return super.onEndElement(name);
      if (!isStanza) return;
      this.cursor = this.root;
      refused(head, reason);
    }

    #count(...texts: readonly string[]): void {
      for (const each of texts) this.#size += Buffer.byteLength(each);
      if (this.#size > maxStanza) this.#refuse('too-large');
    }

    #refuse(reason: ParserRefusal): void {
      this.#refusal ??= reason;
      if (this.#head !== undefined) this.#head.children = [];
    }
  };
}
