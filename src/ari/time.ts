// How ARI writes a moment: in UTC, with milliseconds, the zone without a colon. And how one is read.
import { Type } from 'typebox';

/** A moment as a member of a model. RFC 3339 wants a colon in the zone, so its format is a name of our own. */
export const Moment = (description: string) => Type.String({ format: 'ari-date', description });

/** "2026-11-20T19:03:43.702+0000" from milliseconds since 1970. */
export const momentJson = (at: number): string => new Date(at).toISOString().replace('Z', '+0000');

const MOMENT = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?:Z|([+ -]\d\d):?(\d\d)))?$/;

/**
 * Milliseconds since 1970, of a moment as ARI or RFC 3339 writes it; a date alone is its first moment in UTC. A query makes
 * a space of a plus that was not escaped. Nothing for a text that is no moment.
 */
export function readMoment(text: string): number | undefined {
  const [all, date, time = '00:00', hours = '+00', minutes = '00'] = MOMENT.exec(text) ?? [];
  const at = all === undefined ? NaN : Date.parse(`${date}T${time}${hours.replace(' ', '+')}:${minutes}`);
  return Number.isNaN(at) ? undefined : at;
}
