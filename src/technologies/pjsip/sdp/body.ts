// The session description in a message's body, also as a part of several (RFC 3261 7.4, RFC 5621).
import type { SipMessage } from '../stack.ts';

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'sdp'; readonly text: string }
  /** A body, or a part of one, that must be understood and is not: 415. */
  | { readonly kind: 'unsupported' };

interface Part {
  readonly type: string;
  readonly disposition: string;
  readonly text: string;
}

export function sdpOf({ headers, body }: SipMessage): Body {
  if (body === '') return { kind: 'none' };
  const type = headers.get('Content-Type') ?? '';
  const boundary = /^multipart\/mixed\s*;.*?\bboundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))/is.exec(type);
  const disposition = headers.get('Content-Disposition') ?? '';
  const whole: Part = { type, disposition, text: body };
  return fromParts(boundary === null ? [whole] : parts(body, boundary[1] ?? boundary[2]!));
}

/** The first description counts; what is not understood may only be there when it says that it is optional. */
function fromParts(all: readonly Part[]): Body {
  const isSdp = ({ type }: Part): boolean => /^application\/sdp\s*(;|$)/i.test(type);
  const isOptional = ({ disposition }: Part): boolean => /;\s*handling\s*=\s*"?optional\b/i.test(disposition);
  if (!all.every((part) => isSdp(part) || isOptional(part))) return { kind: 'unsupported' };
  const sdp = all.find(isSdp);
  return sdp === undefined ? { kind: 'none' } : { kind: 'sdp', text: sdp.text };
}

/** RFC 2046 5.1.1: what stands before the first boundary and behind the last is nobody's. */
function parts(body: string, boundary: string): Part[] {
  const [, ...pieces] = `\r\n${body}`.split(`\r\n--${boundary}`);
  const end = pieces.findIndex((piece) => piece.startsWith('--'));
  return pieces.slice(0, end === -1 ? undefined : end).map((piece) => {
    const [head = '', ...rest] = piece.replace(/^[ \t]*\r\n/, '\r\n').split('\r\n\r\n');
    const header = (name: string): string => new RegExp(`^${name}[ \\t]*:[ \\t]*(.*)$`, 'im').exec(head)?.[1] ?? '';
    return {
      // Without a type it is plain text (RFC 2046 5.1).
      type: header('Content-Type').trim() || 'text/plain',
      disposition: header('Content-Disposition'),
      text: rest.join('\r\n\r\n'),
    };
  });
}
