// The port to whoever can bring someone who listens for an application, for a call that is to enter it.
import type { Channel } from './channel.ts';
import type { Residence } from './residence.ts';

export interface Summoner {
  /** Whether there is a way to someone who would listen for it. */
  canReach(app: string): boolean;
  /**
   * Brings someone. Resolves with the application that the channel may enter, which need not have the same name; with
   * nothing when nobody can be brought, or when the channel has ended meanwhile.
   */
  summon(app: string, channel: Channel): Promise<Residence | undefined>;
}

export class Summons {
  #summoner: Summoner | undefined;

  summonBy(summoner: Summoner): void {
    this.#summoner = summoner;
  }

  canReach(app: string): boolean {
    return this.#summoner?.canReach(app) ?? false;
  }

  /** Nothing when there is no way to anyone. */
  summon(app: string, channel: Channel): Promise<Residence | undefined> | undefined {
    return this.canReach(app) ? this.#summoner?.summon(app, channel) : undefined;
  }
}
