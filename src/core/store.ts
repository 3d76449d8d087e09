// The port to what must outlive the process: small values by key. The registrar's memory.

/** One write of a batch. */
export type StoreWrite =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly key: string };

/**
 * Keys and values are text. A write has happened, and survives the death of the process, when its promise resolves.
 * Values do not expire by themselves: a time limit is part of the value, and whoever reads it checks it.
 */
export interface Store {
  get(key: string): Promise<string | undefined>;
  put(key: string, value: string): Promise<void>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** All entries whose key begins with the prefix, in the order of their keys (by UTF-8 bytes). */
  range(prefix: string): AsyncIterable<readonly [key: string, value: string]>;
  /**
   * All of the writes or none, in their order. Those that nobody waits for may have patience: so many milliseconds they
   * wait for others, with which they cost next to nothing.
   */
  batch(writes: readonly StoreWrite[], patience?: number): Promise<void>;
  close(): Promise<void>;
}
