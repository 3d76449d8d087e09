// Control characters in a header's value: where the grammar allows them, and where they make the message malformed.

const controls = /[\0-\x08\n-\x1f\x7f]/;

/**
 * Whether control characters stand elsewhere than behind the backslash of a quoted string or a comment. There any octet
 * below 0x80 may stand, except CR and LF (RFC 3261 25.1, quoted-pair).
 */
export function hasControls(value: string): boolean {
  if (!controls.test(value)) return false;
  let isQuoted = false;
  let comments = 0;
  for (let at = 0; at < value.length; at++) {
    const character = value[at]!;
    const isEscape = character === '\\' && (isQuoted || comments > 0);
    if (isEscape) at++;
    if (isEscape ? /[\r\n]/.test(value[at] ?? '') : controls.test(character)) return true;
    if (isEscape) continue;
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (character === '(') comments++;
    else if (character === ')' && comments > 0) comments--;
  }
  // What never closes was no quoted string, and no comment.
  return isQuoted || comments > 0;
}
