// A message or frame reduced to what must be equal in every run.
import { formatNameAddress, parseNameAddress } from '../../../src/sip-server/grammar/name-address.ts';
import { split } from '../../../src/sip-server/grammar/lists.ts';

/** Start line, headers sorted by name (with their values), and body. */
export function sipShape(text: string): object {
  const end = text.indexOf('\r\n\r\n');
  const [startLine, ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    return `${name}: ${valueShape(name, line.slice(colon + 1).trim())}`;
  });
  return { startLine, headers: headers.sort(), body: text.slice(end + 4) };
}

/** White space and brackets that mean nothing are not compared. */
function valueShape(name: string, value: string): string {
  if (name === 'from' || name === 'to') {
    const address = parseNameAddress(value);
    return address ? formatNameAddress(address) : value;
  }
  if (name === 'via')
    return value
      .replace(/;rport(?==|;|$)/, '')
      .split(';')
      .sort()
      .join(';');
  return (split(value, ',') ?? [value]).join(', ');
}

/** A frame's tokens with ids, sizes and times masked, and the shape of its SIP message. */
export function frameShape(text: string): object {
  const end = text.indexOf('\r\n');
  const tokens = text.slice(0, end < 0 ? text.length : end).split('|');
  const masked = tokens.map((token, index) => mask(tokens, token, index));
  return { tokens: masked.join('|'), ...(end >= 0 && sipShape(text.slice(end + 2))) };
}

function mask(tokens: readonly string[], token: string, index: number): string {
  if (index === 0) return '<frame>';
  if (/^\d\d:\d\d:\d\d\.\d{6}$/.test(token)) return '<time>';
  if (/^v\d+\.\d+/.test(token)) return '<version>';
  const source = tokens[1] === 'sip' ? 2 : 4;
  if (tokens[source] !== 'network' && tokens[source] !== 'application') return token;
  if (index === source + 1) return token === '0' ? '0' : '<size>';
  // The real server leaves the protocol out now and then; we never do.
  if (index === source + 2) return '<protocol>';
  return token;
}
