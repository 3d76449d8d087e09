// How ARI writes a moment: in UTC, with milliseconds, the zone without a colon.
import { Type } from 'typebox';

/** A moment as a member of a model. RFC 3339 wants a colon in the zone, so its format is a name of our own. */
export const Moment = (description: string) => Type.String({ format: 'ari-date', description });

/** "2026-11-20T19:03:43.702+0000" from milliseconds since 1970. */
export const momentJson = (at: number): string => new Date(at).toISOString().replace('Z', '+0000');
