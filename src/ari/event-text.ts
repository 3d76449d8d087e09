// How an event is written, to sockets and into the journal. Written once for all applications that are told of the same fact.
import type { Fact } from '../core/facts.ts';
import type { Message } from '../stasis/index.ts';
import { EXTENSIONS, type AriEvent } from './resources/events.ts';
import { translate } from './translate.ts';

/** What a record in the journal is, by its first letter: an event of ARI, one that only those hear who ask for such, or a loss. */
export type RecordKind = 'e' | 'x' | 'l';

export interface WrittenEvent {
  readonly event: AriEvent;
  readonly kind: RecordKind;
  /** JSON in UTF-8, open at its end: further members can follow. */
  readonly json: Buffer;
}

interface Known {
  readonly fact: Message<Fact>;
  readonly written: readonly WrittenEvent[];
}

/** How many facts are remembered: as many as there are messages told at once, since a mailbox hands over all that it holds before the next. */
const REMEMBERED = 256;

export class EventTexts {
  readonly #entityId: string;
  /**
   * Of the last facts, until the turn of the event loop is over, in which nearly all who hear of one have heard. What is kept for
   * longer outlives two collections of what is young, and is old garbage then, with the message that it came of.
   */
  readonly #known: (Known | undefined)[] = [];
  #forgetting: NodeJS.Immediate | undefined;

  constructor(entityId: string) {
    this.#entityId = entityId;
  }

  /** The events that a fact is, in order. */
  of(fact: Message<Fact>): readonly WrittenEvent[] {
    const place = fact.id % REMEMBERED;
    const known = this.#known[place];
    if (known?.fact === fact) return known.written;
    const written = translate(fact).map((event) => this.write(event));
    this.#known[place] = { fact, written };
    this.#forgetting ??= setImmediate(() => this.#forget());
    return written;
  }

  write(event: AriEvent): WrittenEvent {
    const json = Buffer.from(withMember(JSON.stringify(event).slice(0, -1), 'asterisk_id', this.#entityId));
    return { event, kind: EXTENSIONS.has(event.type) ? 'x' : 'e', json };
  }

  #forget(): void {
    this.#forgetting = undefined;
    this.#known.fill(undefined);
  }
}

/** Adds a member to a text that is open at its end. */
const withMember = (text: string, name: 'asterisk_id' | 'cursor', value: string): string =>
  `${text},"${name}":${JSON.stringify(value)}`;

/** What is added to the events of one application. They stay open at their end. */
export const applicationMember = (name: string): Buffer => Buffer.from(`,"application":${JSON.stringify(name)}`);

/** An event of one application, as a text that is open at its end. */
export const openText = ({ json }: WrittenEvent, added: Buffer): string => `${json.toString()}${added.toString()}`;

/** The event that a socket is sent. */
export const closed = (text: string, cursor: string | undefined): string =>
  `${cursor === undefined ? text : withMember(text, 'cursor', cursor)}}`;

/** What `writeRecord` of an event wrote. */
export const readRecord = (record: string): { readonly kind: RecordKind; readonly text: string } => ({
  kind: record[0] as RecordKind,
  text: record.slice(1, -1),
});

/** An event of one application: what others are told, too, and what is added for this one. */
export class EventBytes {
  readonly kind: RecordKind;
  readonly #json: Buffer;
  readonly #added: Buffer;

  constructor(kind: RecordKind, json: Buffer, added: Buffer) {
    this.kind = kind;
    this.#json = json;
    this.#added = added;
  }

  /** Of the record in the journal, in bytes: the kind, then JSON. */
  get size(): number {
    return this.#json.length + this.#added.length + 2;
  }

  writeRecord(bytes: Buffer, offset: number): void {
    bytes[offset] = this.kind.charCodeAt(0);
    bytes[this.#write(bytes, offset + 1)] = BRACE;
  }

  /** Of what a socket is sent, in bytes. */
  frameSize(cursor: string | undefined): number {
    return this.#json.length + this.#added.length + (cursor === undefined ? 1 : CURSOR.length + cursor.length + 2);
  }

  writeFrame(cursor: string | undefined, bytes: Buffer, offset: number): void {
    let end = this.#write(bytes, offset);
    if (cursor !== undefined) end += bytes.write(`${CURSOR}${cursor}"`, end, 'latin1');
    bytes[end] = BRACE;
  }

  #write(bytes: Buffer, offset: number): number {
    bytes.set(this.#json, offset);
    bytes.set(this.#added, offset + this.#json.length);
    return offset + this.#json.length + this.#added.length;
  }
}

const BRACE = 0x7d;
const CURSOR = ',"cursor":"';
