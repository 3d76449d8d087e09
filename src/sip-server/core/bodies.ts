// The headers that describe a body, for requests and responses alike.
import type { Draft } from '../control/command.ts';
import { headerOf, ourHeader, type Header } from '../message.ts';

/** Content-Type and Content-Length; undefined when there is a body of a type that nobody named. */
export function bodyHeaders({ headers, body }: Pick<Draft, 'headers' | 'body'>): Header[] | undefined {
  const length = ourHeader('Content-Length', String(body.length));
  const given = headerOf({ headers }, 'content-type');
  if (given !== undefined) return [ourHeader('Content-Type', given), length];
  if (body.length === 0) return [length];
  return body.subarray(0, 3).toString('latin1') === 'v=0'
    ? [ourHeader('Content-Type', 'application/sdp'), length]
    : undefined;
}
