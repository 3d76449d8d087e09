// Texts that UTF-8 can give back as they were.
import { Fault } from '../../errors.ts';

/** UTF-8 cannot write half a character: it would come back as another text, and two keys could become one. */
export function faithful(text: string): string {
  if (!text.isWellFormed()) throw new Fault('invalid', 'a text to be kept has half a character in it');
  return text;
}
