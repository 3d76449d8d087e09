// Calls that are offered to several applications at once: who claims one first has it.
import { Fault, notFound } from '../errors.ts';
import type { Application } from './application.ts';
import type { Applications } from './applications.ts';
import type { Channel } from './channel.ts';
import type { Clock } from './clock.ts';

export interface BroadcastSettings {
  /** The names of the applications that are asked. */
  readonly apps: RegExp;
  /** In milliseconds. */
  readonly timeout: number;
  readonly args: readonly string[];
  /** Whether those that were asked are told who has claimed it. */
  readonly notify: boolean;
}

/** The application that has claimed it; FAILED when nobody could be asked. */
export type Claimed = Application | 'FAILED' | 'TIMEOUT';

interface Offered {
  readonly claim: (application: Application) => void;
  isClaimed: boolean;
}

export interface BroadcastsParts {
  readonly applications: Pick<Applications, 'list' | 'find'>;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export class Broadcasts {
  readonly #parts: BroadcastsParts;
  readonly #offered = new Map<string, Offered>();

  constructor(parts: BroadcastsParts) {
    this.#parts = parts;
  }

  /** Asks every application of the name that is listened for, in no order. Never resolves when the channel ends before. */
  broadcast(channel: Channel, { apps, timeout, notify }: BroadcastSettings): Promise<Claimed> {
    const { applications, clock, random } = this.#parts;
    const asked = shuffled(
      applications.list().filter(({ name, isActive }) => isActive && apps.test(name)),
      random,
    );
    if (asked.length === 0) return Promise.resolve('FAILED');
    return new Promise((resolve) => {
      const stopTimer = clock.after(timeout, () => {
        this.#offered.delete(channel.id);
        resolve('TIMEOUT');
      });
      const claim = (winner: Application): void => {
        stopTimer();
        if (notify) tellWinner(channel, asked, winner.name);
        resolve(winner);
      };
      // One that was claimed is known as that as long as it lives.
      this.#offered.set(channel.id, { claim, isClaimed: false });
      channel.onEnding(() => {
        stopTimer();
        this.#offered.delete(channel.id);
      });
      const { snapshot } = channel;
      const parties = { caller: snapshot.caller.number, called: snapshot.dialplan.exten };
      for (const { topic } of asked) topic.publish({ type: 'CallBroadcast', channel: snapshot, ...parties });
    });
  }

  /**
   * The application takes the call, whether it was asked or not. Fails with a Fault: 'not-found' when the call is not offered,
   * or no longer, or nobody listens for the application; 'conflict' when it was claimed already.
   */
  claim(channelId: string, app: string): void {
    const offered = this.#offered.get(channelId);
    if (offered === undefined) throw notFound('Channel');
    if (offered.isClaimed) throw new Fault('conflict', 'Channel already claimed', { code: 'channel-claimed' });
    const application = this.#parts.applications.find(app);
    if (!application?.isActive) throw notFound('Application');
    offered.isClaimed = true;
    offered.claim(application);
  }
}

function tellWinner({ snapshot }: Channel, asked: readonly Application[], winner: string): void {
  for (const { topic } of asked) topic.publish({ type: 'CallClaimed', channel: snapshot, winner });
}

/** Nobody is always asked first. */
function shuffled<T>(some: readonly T[], random: () => number): T[] {
  const all = [...some];
  for (let last = all.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other]!, all[last]!];
  }
  return all;
}
