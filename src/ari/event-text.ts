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
  /** JSON, open at its end: further members can follow. */
  readonly text: string;
}

interface Known {
  readonly fact: Message<Fact>;
  readonly written: readonly WrittenEvent[];
}

/** How many facts are remembered. */
const REMEMBERED = 64;

export class EventTexts {
  readonly #entityId: string;
  /** Of the last facts. Applications hear of one shortly after each other; a WeakMap would make old garbage of all. */
  readonly #known: (Known | undefined)[] = [];

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
    return written;
  }

  write(event: AriEvent): WrittenEvent {
    const text = withMember(JSON.stringify(event).slice(0, -1), 'asterisk_id', this.#entityId);
    return { event, kind: EXTENSIONS.has(event.type) ? 'x' : 'e', text };
  }
}

/** Adds a member to a text that is open at its end. */
export const withMember = (text: string, name: 'asterisk_id' | 'application' | 'cursor', value: string): string =>
  `${text},"${name}":${JSON.stringify(value)}`;

/** The event that a socket is sent. */
export const closed = (text: string, cursor: string | undefined): string =>
  `${cursor === undefined ? text : withMember(text, 'cursor', cursor)}}`;

export const recordOf = (kind: RecordKind, text: string): string => `${kind}${text}}`;

/** What `recordOf` made. */
export const readRecord = (record: string): { readonly kind: RecordKind; readonly text: string } => ({
  kind: record[0] as RecordKind,
  text: record.slice(1, -1),
});
