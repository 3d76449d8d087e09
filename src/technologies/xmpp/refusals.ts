// What was refused of what came, and why: counted, for those who watch over the service.

/**
 * From nobody we know; from whom it cannot be; not for us; not to be read; of a kind that is not taken; beyond a limit of
 * ours.
 */
export const REASONS = ['stranger', 'spoofed', 'not-ours', 'malformed', 'groupchat', 'limit'] as const;

export type RefusalReason = (typeof REASONS)[number];

export class Refusals {
  readonly counts: Record<RefusalReason, number> = {
    stranger: 0,
    spoofed: 0,
    'not-ours': 0,
    malformed: 0,
    groupchat: 0,
    limit: 0,
  };

  count(reason: RefusalReason): void {
    this.counts[reason] += 1;
  }
}
