// Lists and parameters in header values: what divides them, and what a quoted string protects.

/** A parameter: ";lr" has no value. Quotes around a value are kept. */
export type Param = readonly [name: string, value: string | undefined];

const [quote, bracket, backslash] = [0x22, 0x3c, 0x5c];

/** The position behind the quoted string that opens at `start`; -1 when it never closes. */
export function afterQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === backslash) at++;
    else if (character === quote) return at + 1;
  }
  return -1;
}

/** Divides at `separator`, but not within quotes or angle brackets; undefined when a quote or bracket stays open. */
export function split(text: string, separator: ',' | ';'): string[] | undefined {
  const parts: string[] = [];
  const dividing = separator.charCodeAt(0);
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const character = text.charCodeAt(at);
    if (character === quote) at = afterQuoted(text, at);
    else if (character === bracket) at = text.indexOf('>', at) + 1 || -1;
    else if (character === dividing) {
      parts.push(text.slice(from, at).trim());
      from = ++at;
    } else at++;
    if (at < 0) return undefined;
  }
  parts.push(text.slice(from).trim());
  return parts;
}

export const token = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
const paramValue = /^(?:[A-Za-z0-9\-.!%*_+`'~:[\]/?&$@#]*|"(?:[^"\\]|\\[^])*")$/;

/** ";a=1;b" as pairs; `text` is empty or begins with a semicolon. Undefined when malformed. */
export function parseParams(text: string): Param[] | undefined {
  if (text === '' || text.trim() === '') return [];
  const parts = split(text, ';');
  if (parts === undefined || parts.shift() !== '') return undefined;
  const params: Param[] = [];
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    const value = equals < 0 ? undefined : part.slice(equals + 1).trim();
    if (!token.test(name) || (value !== undefined && !paramValue.test(value))) return undefined;
    params.push([name, value]);
  }
  return params;
}

/** The value of that parameter, "" if it has none; undefined when it is not there. */
export function paramOf(params: readonly Param[], name: string): string | undefined {
  for (const [each, value] of params) if (each === name || each.toLowerCase() === name) return value ?? '';
  return undefined;
}

export function formatParams(params: readonly Param[]): string {
  let text = '';
  for (const [name, value] of params) text += value === undefined ? `;${name}` : `;${name}=${value}`;
  return text;
}

/**
 * Several challenges or credentials that a client of ours joined by commas, each for a line of its own:
 * they are the headers that must not be joined, since their parameters are divided by commas too (RFC 3261 7.3.1).
 */
export function splitChallenges(value: string): string[] {
  const parts = split(value, ',');
  if (parts === undefined) return [value];
  const challenges: string[] = [];
  for (const part of parts) {
    if (challenges.length === 0 || /^[A-Za-z0-9\-.!%*_+`'~]+\s+[^=\s]/.test(part)) challenges.push(part);
    else challenges[challenges.length - 1] += `, ${part}`;
  }
  return challenges;
}
