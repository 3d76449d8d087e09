// What is kept of applications in the Store, so that those who come again after a restart find theirs.
import { Fault } from '../errors.ts';
import type { EventFilter } from './event-filter.ts';
import type { Store } from './store.ts';

const PREFIX = 'application:';
const VERSION = 1;

export interface KeptApplication {
  readonly persistent: boolean;
  /** Whether it follows everything because it was opened so. */
  readonly all: boolean;
  /** As in ARI, "endpoint:PJSIP/foo", and how often it is subscribed to it. */
  readonly sources: readonly (readonly [source: string, count: number])[];
  readonly filter: EventFilter;
}

export class KeptApplications {
  readonly #store: Store;
  readonly #held = new Map<string, string>();
  /** What is to be written, of those of which anything waits. */
  readonly #said = new Map<string, string | undefined>();
  readonly #writing = new Map<string, Promise<void>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Fails with a Fault 'unsupported' for what was written in another form. */
  async *load(): AsyncGenerator<readonly [name: string, kept: KeptApplication]> {
    for await (const [key, text] of this.#store.range(PREFIX)) {
      const name = key.slice(PREFIX.length);
      this.#held.set(name, text);
      yield [name, read(name, text)];
    }
  }

  /** Resolves when it, or something newer, is on disk. */
  put(name: string, { persistent, all, sources, filter }: KeptApplication): Promise<void> {
    return this.#say(name, JSON.stringify({ v: VERSION, persistent, all, sources, filter }));
  }

  delete(name: string): Promise<void> {
    return this.#say(name, undefined);
  }

  /** Resolves when all that was said of it is on disk. */
  async saved(name: string): Promise<void> {
    await this.#writing.get(name);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#writing.values());
  }

  #say(name: string, text: string | undefined): Promise<void> {
    const before = this.#writing.get(name);
    if (before === undefined && this.#held.get(name) === text) return Promise.resolve();
    this.#said.set(name, text);
    const written = (before ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#write(name))
      .finally(() => {
        if (this.#writing.get(name) !== written) return;
        this.#writing.delete(name);
        this.#said.delete(name);
      });
    this.#writing.set(name, written);
    return written;
  }

  /** The newest that was said, unless an earlier turn has written it. */
  async #write(name: string): Promise<void> {
    const text = this.#said.get(name);
    if (this.#held.get(name) === text) return;
    if (text === undefined) {
      await this.#store.delete(PREFIX + name);
      this.#held.delete(name);
    } else {
      await this.#store.put(PREFIX + name, text);
      this.#held.set(name, text);
    }
  }
}

function read(name: string, text: string): KeptApplication {
  const { v, ...kept } = parse(text) as KeptApplication & { readonly v?: number };
  if (v === VERSION) return kept;
  throw new Fault(
    'unsupported',
    `the application ${name} is kept in form ${v ?? 'unknown'}, and only form ${VERSION} can be read`,
    { code: 'store-format' },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
