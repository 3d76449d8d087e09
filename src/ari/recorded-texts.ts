// Which text messages the newest records of an earlier life of the process hold: those are not to be recorded twice.
//
// A message counts as delivered to an application when its event is in the journal. When the process dies between the
// two, the message is told again at the next start.
import type { JournalPage } from '../core/journal.ts';

export class RecordedTexts {
  readonly #read: (after: string) => Promise<JournalPage>;
  readonly #ids = new Set<string>();
  #unread: { readonly from: string; readonly to: string } | undefined;

  /** Those behind `from`, up to `to`. They are read when they are first asked for. */
  constructor(from: string, to: string, read: (after: string) => Promise<JournalPage>) {
    this.#unread = { from, to };
    this.#read = read;
  }

  async has(id: string): Promise<boolean> {
    if (this.#unread !== undefined) await this.#readAll(this.#unread);
    this.#unread = undefined;
    return this.#ids.has(id);
  }

  async #readAll({ from, to }: { readonly from: string; readonly to: string }): Promise<void> {
    for (let after = from; after < to;) {
      const { gap, records } = await this.#read(after);
      for (const { text } of records) this.#remember(text);
      const next = records.at(-1)?.cursor ?? gap?.to ?? to;
      after = next > after ? next : to;
    }
  }

  #remember(record: string): void {
    if (!record.startsWith('e{"type":"TextMessageReceived"')) return;
    const { message } = JSON.parse(record.slice(1)) as { readonly message?: { readonly id?: string } };
    if (message?.id !== undefined) this.#ids.add(message.id);
  }
}
