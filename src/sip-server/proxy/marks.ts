// What a proxy writes into a message to know it again: calls that it may forward by itself, and requests that have been here.
import { createHmac } from 'node:crypto';
import { tagOf } from '../grammar/name-address.ts';
import { headerOf, headersOf, type SipRequest } from '../message.ts';

const mac = (secret: string, parts: readonly (string | undefined)[]): string =>
  createHmac('sha256', secret)
    .update(JSON.stringify(parts.map((part) => part ?? null)), 'latin1')
    .digest('hex')
    .slice(0, 20);

/** For our Record-Route: nobody else can make us forward something to wherever it likes. */
export const callMark = (secret: string, request: SipRequest): string =>
  mac(secret, ['call', headerOf(request, 'call-id')]);

/** Whether that Route is one of ours for the request's call. */
export const isOurRoute = (secret: string, request: SipRequest, uri: string): boolean =>
  /;of=([0-9a-f]+)(?:;|$)/.exec(uri)?.[1] === callMark(secret, request);

/** Of all that decides where a request goes: with the same again it would go round for ever (RFC 3261 16.6 step 8, RFC 5393 4.2). */
export const loopMark = (secret: string, request: SipRequest): string =>
  mac(secret, [
    'loop',
    request.method,
    request.uri,
    tagOf(headerOf(request, 'from')),
    tagOf(headerOf(request, 'to')),
    headerOf(request, 'call-id'),
    headerOf(request, 'cseq'),
    ...['route', 'proxy-require', 'proxy-authorization'].flatMap((key) =>
      headersOf(request, key).map(({ value }) => value),
    ),
  ]);

/** Whether one of our branches with that mark is in the request's Via. */
export const isLooping = (request: SipRequest, mark: string): boolean =>
  headersOf(request, 'via').some(({ value }) =>
    new RegExp(`branch=z9hG4bK[0-9a-f]+\\.${mark}(?:[;,\\s]|$)`, 'i').test(value),
  );
