// Inputs that a session takes one after the other, and what it did, in words.
import { step, type Effect, type Input, type Session } from '../../../src/technologies/pjsip/session.ts';

export function playFrom(
  begin: Session,
  inputs: readonly Input[],
): { readonly session: Session; readonly effects: readonly Effect[] } {
  let session = begin;
  const effects: Effect[] = [];
  for (const input of inputs) {
    const [next, ...done] = step(session, input);
    session = next;
    effects.push(...done);
  }
  return { session, effects };
}

/** An effect in a word. */
export function inAWord(effect: Effect): string {
  switch (effect.kind) {
    case 'respond':
    case 'reply':
      return `${effect.kind} ${effect.status}`;
    case 'bye':
      return `BYE ${effect.cause}`;
    case 'cancel':
      return `CANCEL ${effect.cause}`;
    case 'hung-up':
      return `hung up ${JSON.stringify(effect.far)}`;
    case 'failed':
      return `failed ${JSON.stringify(effect.far)}`;
    case 'news':
      return effect.news;
    case 'consider':
    case 'retry':
    case 'answered':
      return effect.kind;
    case 'invite':
    case 'prack':
    case 'ack':
    case 're-invite':
      return effect.kind.toUpperCase();
  }
}
