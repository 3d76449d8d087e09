// New messages on their way out: for whom they are, and what is written of them first.
import { Fault } from '../errors.ts';
import { endpointId, parseAddress } from '../ids.ts';
import type { TextMessage } from './facts.ts';
import type { MessageBook } from './message-book.ts';
import { recordOf, type MessageRecord } from './message-record.ts';
import { contentTypeOf } from './message-settings.ts';
import { newMessage, type IncomingMessage, type MessageSnapshot } from './message.ts';
import type { TextSender } from './technology.ts';

type Times = Pick<MessageSnapshot, 'createdAt' | 'expiresAt'>;

export interface OutgoingParts {
  readonly book: () => MessageBook;
  readonly senders: ReadonlyMap<string, TextSender>;
  /** Whether a message may wait for a recipient that cannot be reached now. */
  readonly keeps: boolean;
}

export class OutgoingRecords {
  readonly #parts: OutgoingParts;

  constructor(parts: OutgoingParts) {
    this.#parts = parts;
  }

  /** Fails with a Fault 'not-found' when the address leads nowhere, or to nobody who can wait; 'invalid' for what cannot be written. */
  record(text: TextMessage, times: Times, key?: string): MessageRecord {
    const { book, senders, keeps } = this.#parts;
    const to = parseAddress(text.to);
    const sender = to && senders.get(to.scheme);
    if (to === undefined || sender === undefined) throw unreachable(`Nothing sends messages to ${text.to}`);
    const { endpoint, isReachable } = sender.recipient(to.address, text);
    if (!isReachable && !keeps) throw unreachable(`${text.to} cannot be reached now`);
    const id = book().newId();
    const made = { id, direction: 'outbound', endpoint: endpointId(endpoint), state: 'queued', text } as const;
    const message = newMessage(made, times);
    return recordOf(message, key === undefined ? undefined : `out:${key}`);
  }

  /** A message that has come, for another endpoint; nothing when there is none. */
  onward(incoming: IncomingMessage, address: string | undefined, times: Times): MessageRecord | undefined {
    const { text, scheme, recipient, sender = text.from, onward } = incoming;
    const type = contentTypeOf(text);
    const given = onward ?? (type === undefined ? {} : { 'Content-Type': type });
    const other = parseAddress(address ?? '');
    // Into another technology goes what that can understand.
    const passed =
      other === undefined || other.scheme === scheme || !this.#parts.senders.has(other.scheme)
        ? { to: `${scheme}:${address ?? recipient}`, variables: given }
        : { to: `${other.scheme}:${other.address || recipient}`, from: sender, variables: withoutOwn(given, scheme) };
    try {
      return this.record({ ...text, ...passed }, times);
    } catch (error) {
      if (error instanceof Fault && error.kind === 'not-found') return undefined;
      throw error;
    }
  }
}

/** Variables whose name begins with that of their technology mean nothing to another. */
const withoutOwn = (variables: TextMessage['variables'], scheme: string): TextMessage['variables'] =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith(`${scheme.toUpperCase()}_`)));

const unreachable = (text: string): Fault => new Fault('not-found', text, { code: 'destination-not-found' });
