// How durations, sizes and media types are written in the configuration.
import { invalid } from './config-problems.ts';

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
/** Ten years, and a pebibyte: what is more was not meant. */
const LONGEST = 3_650 * MILLISECONDS.d;
const LARGEST = 2 ** 50;
/** RFC 6838, section 4.2, and a star for all of one kind. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/([a-z0-9][a-z0-9!#$&^_.+-]{0,126}|\*)$/;

/** "72h", in milliseconds. Fails with a Fault 'invalid' that names the path. */
export function duration(path: string, text: string): number {
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const value = Number(count) * (MILLISECONDS[unit as keyof typeof MILLISECONDS] ?? 0);
  if (value > 0 && value <= LONGEST) return value;
  throw invalid(`${path}: expected a duration from 1ms to 3650d, such as 500ms, 30s, 5m, 72h or 7d, found "${text}"`);
}

/** "64KiB", in bytes. Fails with a Fault 'invalid' that names the path. */
export function size(path: string, text: string): number {
  const [, count = '', unit = ''] = /^(\d+)(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  const value = Number(count) * (BYTES[unit as keyof typeof BYTES] ?? 0);
  if (value > 0 && value <= LARGEST) return value;
  throw invalid(`${path}: expected a size such as 1000B, 64KiB, 64MiB or 1GiB, found "${text}"`);
}

/** "text/html" or "image/*", in small letters. Fails with a Fault 'invalid' that names the path. */
export function mediaType(path: string, text: string): string {
  const type = text.toLowerCase();
  if (MEDIA_TYPE.test(type)) return type;
  throw invalid(`${path}: expected a media type such as text/html, or image/* for all of a kind, found "${text}"`);
}
