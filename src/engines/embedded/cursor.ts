// Cursors of a journal: where a record is in its stream, and in which life of the stream it was written.

export interface Place {
  /** The first record of a stream is 1. */
  readonly ordinal: number;
  /** Rises whenever a journal is opened and a stream is made: what another life wrote at the same place is another record. */
  readonly generation: number;
}

/** Of fixed width, the ordinal first: cursors of one stream sort as their records. */
export const cursorOf = (place: Place): string => cursorsFrom(place)();

/** The cursors of that record and of those that were written behind it in the same life, one with each call. */
export function cursorsFrom({ ordinal, generation }: Place): () => string {
  const life = `-${generation.toString(16).padStart(8, '0')}`;
  let next = ordinal;
  return () => (next++).toString(16).padStart(12, '0') + life;
}

/** Nothing for a text that is no cursor. */
export function placeOf(cursor: string): Place | undefined {
  const [, ordinal, generation] = /^([0-9a-f]{12})-([0-9a-f]{8})$/.exec(cursor) ?? [];
  if (ordinal === undefined || generation === undefined) return undefined;
  return { ordinal: parseInt(ordinal, 16), generation: parseInt(generation, 16) };
}
