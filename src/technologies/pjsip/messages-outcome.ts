// What becomes of a message by the answers of all the contacts to which it was sent.
import type { TextOutcome } from '../../core/technology.ts';
import { isTemporary, rankOf } from './statuses.ts';

/** The final one of a contact; or the status that stands for it, when none came or the message could not be sent. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** Left out when it did not come so far. */
  readonly contact?: string;
  /** Milliseconds. */
  readonly retryAfter?: number;
}

/**
 * Delivered as soon as one of them is a 2xx; not now, while it may still be taken by anyone who refused it; else failed.
 * Of several that say the same, the best tells: of those that name a time the soonest, else as a proxy chooses.
 */
export function outcomeOf(answers: readonly Answer[]): TextOutcome {
  const accepted = answers.find(isAccepted);
  if (accepted !== undefined) {
    const { status, reason, contact = '' } = accepted;
    return { kind: 'delivered', status, reason, contact };
  }
  const [temporary] = answers.filter(isForLater).toSorted((one, other) => soonest(one, other) || byRank(one, other));
  if (temporary !== undefined) return { kind: 'temporary', ...temporary };
  const [final] = answers.toSorted(byRank);
  if (final === undefined) return { kind: 'unreachable' };
  const { retryAfter: _, ...told } = final;
  return { kind: 'failed', ...told };
}

export const isAccepted = ({ status }: Answer): boolean => status < 300;

const isForLater = ({ status, retryAfter }: Answer): boolean => isTemporary(status, retryAfter !== undefined);

/** None named is later than any. */
const soonest = (one: Answer, other: Answer): number => {
  if (one.retryAfter === other.retryAfter) return 0;
  return (one.retryAfter ?? Infinity) - (other.retryAfter ?? Infinity);
};

const byRank = (one: Answer, other: Answer): number => rankOf(one.status) - rankOf(other.status);
