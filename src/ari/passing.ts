// What an event log and those who follow it tell each other.
import type { RecordKind } from './event-text.ts';
import type { AriEvent } from './resources/events.ts';

/** An event on its way, or something that is to be done when all before it have passed. */
export interface Passing {
  readonly kind: RecordKind | 'mark';
  /** JSON, open at its end. */
  readonly text: string;
  /** Where it is in the journal; left out when the journal could not take it. */
  cursor?: string;
  /** How many events are lost with it if the journal does not take it. */
  readonly count: number;
  readonly run?: () => void;
  isThrough: boolean;
}

export interface Follows {
  /** Whether it wants events that ARI does not have. */
  readonly extensions: boolean;
  /** An event has passed. */
  offer(event: Passing): void;
  /** Someone else follows from here on. */
  replaced(): void;
  /** Events were lost that it should have been given. */
  missed(): void;
}

export type Loss = Omit<Extract<AriEvent, { type: 'EventsLost' }>, 'type' | 'timestamp'>;

/** Of events that the journal did not take. */
export const lossOf = (count: number): Loss => ({
  ...(Number.isFinite(count) && { count }),
  reason: 'not-written',
});

/** What a WebSocket is told of its applications themselves. */
export type Notice = 'ApplicationRegistered' | 'ApplicationUnregistered' | 'ApplicationReplaced';
