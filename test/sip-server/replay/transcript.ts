// Reads a recording of the real server: who sent what to whom, in order.
import { readFileSync } from 'node:fs';

export type Step =
  | { readonly kind: 'connect' | 'close'; readonly client: string }
  /** Nothing happens for that many ms. */
  | { readonly kind: 'pause'; readonly ms: number }
  /** From a client to the server. */
  | { readonly kind: 'command'; readonly client: string; readonly text: string }
  /** From the server to a client. */
  | { readonly kind: 'frame'; readonly client: string; readonly text: string }
  /** From a SIP peer to the server, or back. */
  | { readonly kind: 'in' | 'out'; readonly peer: string; readonly text: string };

/** ms without an event that are worth noting. */
const longest = 10_000;

/** Texts hold one character per octet. */
export function readTranscript(name: string): Step[] {
  const text = readFileSync(new URL(`../../data/transcripts/${name}.txt`, import.meta.url), 'utf8');
  let before = 0;
  return text
    .split(/^== (?=[\d.]+ ms {2})/m)
    .slice(1)
    .flatMap((section) => {
      const end = section.indexOf('\n');
      const [, offset, title] = /^([\d.]+) ms {2}(.*)$/.exec(section.slice(0, end))!;
      const ms = Number(offset) - before;
      before = Number(offset);
      return [...(ms > longest ? [{ kind: 'pause', ms } as const] : []), ...readStep(title!, section.slice(end + 1))];
    });
}

function readStep(title: string, content: string): Step[] {
  const note = /^NOTE client( \w+)? (connected|closed)$/.exec(title);
  if (note !== null) return [{ kind: note[2] === 'connected' ? 'connect' : 'close', client: (note[1] ?? '').trim() }];
  const size = Number(/\((\d+) bytes\)$/.exec(title)?.[1]);
  const command = /^CLIENT( \w+)?>>SERVER/.exec(title);
  const frame = /^SERVER>>CLIENT( \w+)?/.exec(title);
  const sip = /^SIP (\w+)>>(\w+)/.exec(title);
  if (command !== null) return [{ kind: 'command', client: (command[1] ?? '').trim(), text: decode(content, size) }];
  if (frame !== null) return [{ kind: 'frame', client: (frame[1] ?? '').trim(), text: decode(content, size) }];
  if (sip === null) return [];
  const text = decode(content, size);
  return sip[1] === 'server' ? [{ kind: 'out', peer: sip[2]!, text }] : [{ kind: 'in', peer: sip[1]!, text }];
}

function decode(content: string, size: number): string {
  const octets = content
    .replaceAll('\\r\\n\n', '\r\n')
    .replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  if (octets.length < size) throw new Error(`a step of ${size} octets has only ${octets.length}: ${content}`);
  return octets.slice(0, size);
}
