// The SIP message within a "sip" command, as drachtio-srf writes it: lenient, since it is not yet what goes out.
import { token } from '../grammar/lists.ts';
import { headerKey, usualKey, type Header } from '../message.ts';

export interface Draft {
  readonly headers: readonly Header[];
  readonly body: Buffer;
  /** Lines that are no headers; they are left out. */
  readonly skipped: readonly string[];
}

export interface DraftRequest extends Draft {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
}

export interface DraftResponse extends Draft {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

/** Undefined when the start line is that of neither. The body is all that follows the empty line; Content-Length is not believed. */
export function parseDraft(octets: Buffer): DraftRequest | DraftResponse | undefined {
  const end = octets.indexOf('\r\n\r\n');
  const [first = '', ...lines] = octets.toString('latin1', 0, end < 0 ? octets.length : end).split(/[\r\n]+/);
  const body = end < 0 ? Buffer.alloc(0) : octets.subarray(end + 4);
  const headers: Header[] = [];
  const skipped: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const written = line.slice(0, Math.max(0, colon));
    const usual = usualKey(written);
    const name = usual === undefined ? written.trim() : written;
    const value = line.slice(colon + 1).trim();
    const isHeader = (usual !== undefined || token.test(name)) && !/[\0-\x08\x0b-\x1f\x7f]/.test(value);
    if (isHeader) headers.push({ key: usual ?? headerKey(name), name, value });
    else if (line !== '') skipped.push(line);
  }
  const status = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/.exec(first);
  if (status !== null)
    return { kind: 'response', status: Number(status[1]), reason: status[2] ?? '', headers, body, skipped };
  const [, method, uri] = /^([^\s]+) ([^\s]+) SIP\/2\.0$/.exec(first) ?? [];
  if (method === undefined || uri === undefined || !token.test(method)) return undefined;
  return { kind: 'request', method, uri, headers, body, skipped };
}
