// The port to whoever records what applications are told, for listeners that come back.
import type { Application } from './application.ts';

export interface Recorder {
  /** The application is known from now on. */
  begin(application: Application): void;
  /** It is gone, and what was recorded of it goes with it. */
  end(application: Application): void;
  /** The names of those of which something was recorded. */
  names(): Promise<string[]>;
  /**
   * Resolves when the events of all that was published so far are recorded. Fails with a Fault 'unavailable' when one of
   * them could not be.
   */
  settled(): Promise<void>;
}

/** How long one that has gone stays for those who come back. */
export interface Lingering {
  /** In milliseconds. */
  readonly lingers: number;
  /** Runs once after that many milliseconds, unless it is called off by what is returned. */
  after(ms: number, run: () => void): () => void;
}
