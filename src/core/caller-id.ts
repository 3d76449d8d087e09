// How a party is written in one text: "Name" <number>.
import type { Party } from './facts.ts';

const QUOTED = /^\s*"((?:[^"\\]|\\.)*)"\s*(?:<([^<>]*)>)?\s*$/;
const BRACKETED = /^([^<>]*)<([^<>]*)>\s*$/;
/** What Asterisk takes for a number where there are no brackets. */
const NUMBER = /^[\d*#+]+$/;

/** Reads `"Name" <number>`, `Name <number>`, `<number>`, a bare number or a bare name, as Asterisk does. */
export function parseCallerId(text: string): Party {
  const quoted = QUOTED.exec(text);
  if (quoted !== null) return { name: quoted[1]!.replaceAll(/\\(.)/g, '$1'), number: (quoted[2] ?? '').trim() };
  const bracketed = BRACKETED.exec(text);
  if (bracketed !== null) return { name: bracketed[1]!.trim(), number: bracketed[2]!.trim() };
  const bare = text.trim();
  return NUMBER.test(bare) ? { name: '', number: bare } : { name: bare, number: '' };
}

/** The reverse, as Asterisk writes it. */
export const callerIdText = ({ name, number }: Party): string => `"${name}" <${number}>`;
