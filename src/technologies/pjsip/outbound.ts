// Requests that we send for an endpoint: when the other side asks who we are, they say it, with that endpoint's credentials.
import { Fault } from '../../errors.ts';
import { Credentials } from './credentials.ts';
import { parseNameAddress } from './name-address.ts';
import type { EndpointObject } from './objects/index.ts';
import type { ClientTransaction, OutgoingRequest, SentRequest, SipHeader, SipResponse, SipStack } from './stack.ts';
import { parseUri } from './uri.ts';

export interface OutboundParts {
  readonly stack: Pick<SipStack, 'send'>;
  readonly random: (bytes: number) => Buffer;
  /** The URIs at which an endpoint can be reached; none when left out. */
  readonly contactsOf?: (object: EndpointObject) => readonly string[];
  /** The way that its provider wants its requests to go (RFC 3608), as Route headers; none when left out. */
  readonly serviceRoute?: (object: EndpointObject) => readonly string[];
}

/**
 * As `SipStack.send`, for an endpoint: a 401 or a 407 is answered with its `outbound_auth`, by sending the request again
 * within the same call (RFC 3261 22.2). `sent` tells of the first time, `final` of the last; when a further one cannot be
 * sent, it is the challenge.
 *
 * An auth with a realm is shown to that realm alone. One without is shown where the endpoint can be reached, or within a
 * dialog that it is part of; an endpoint without contacts shows it to whomever it writes to. No redirection is followed,
 * so that nobody else is ever asked.
 */
export type Outbound = (object: EndpointObject, request: OutgoingRequest) => ClientTransaction;

/** How often a request is sent, whatever is asked: a proxy and the far end may both ask, and may both find a nonce old. */
const TIMES = 5;

export function outbound(parts: OutboundParts): Outbound {
  const { stack, random } = parts;
  const cnonce = (): string => random(8).toString('hex');
  return (object, given) => {
    const request = routed(object, given, parts);
    // Without credentials a challenge is an answer like any other.
    if (object.outbound_auth.length === 0) return stack.send(request);
    const credentials = new Credentials(shownTo(object, request, parts), cnonce);
    const first = stack.send(request);
    let current = first;
    let isCancelled = false;

    const finish = async (): Promise<SipResponse> => {
      let response = await first.final;
      let last = await first.sent;
      for (let times = 1; times < TIMES && !isCancelled && isChallenge(response); times++) {
        if (!credentials.take(response)) break;
        const answers = credentials.headers({ method: request.method, uri: last.uri });
        current = stack.send({ ...request, headers: again(request, last, answers) });
        try {
          last = await current.sent;
          response = await current.final;
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          break;
        }
      }
      return response;
    };
    const final = finish();
    // Who waits for `sent` alone hears of its failure there.
    final.catch(() => undefined);
    return {
      sent: first.sent,
      final,
      cancel(headers) {
        isCancelled = true;
        current.cancel(headers);
      },
    };
  };
}

export const isChallenge = ({ status }: SipResponse): boolean => status === 401 || status === 407;

/** The same call and the same tag, the next number (RFC 3261 8.1.3.5); within a dialog the stack sees to them. */
export function again(
  { method, headers = [], dialogId }: OutgoingRequest,
  sent: SentRequest,
  answers: readonly SipHeader[],
): readonly SipHeader[] {
  if (dialogId !== undefined) return [...headers, ...answers];
  const number = Number.parseInt(sent.headers.get('CSeq') ?? '0', 10);
  const continued: SipHeader[] = [
    ['Call-ID', sent.headers.get('Call-ID') ?? ''],
    ['From', sent.headers.get('From') ?? ''],
    ['CSeq', `${number + 1} ${method}`],
    ...answers,
  ];
  const replaced = new Set(continued.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !replaced.has(name.toLowerCase())), ...continued];
}

/** A request that has a way of its own keeps it. */
function routed(object: EndpointObject, request: OutgoingRequest, { serviceRoute }: OutboundParts): OutgoingRequest {
  const { dialogId, nextHop, headers = [] } = request;
  const route = dialogId === undefined && nextHop === undefined ? (serviceRoute?.(object) ?? []) : [];
  const first = parseNameAddress(route[0] ?? '')?.uri;
  if (first === undefined) return request;
  return { ...request, nextHop: first, headers: [...route.map((each): SipHeader => ['Route', each]), ...headers] };
}

function shownTo(
  object: EndpointObject,
  { dialogId, uri = '' }: OutgoingRequest,
  { contactsOf }: OutboundParts,
): EndpointObject['outbound_auth'] {
  const hosts = (contactsOf?.(object) ?? []).map(hostOf);
  const isKnown = dialogId !== undefined || hosts.length === 0 || hosts.includes(hostOf(uri));
  return isKnown ? object.outbound_auth : object.outbound_auth.filter(({ realm }) => realm !== undefined);
}

const hostOf = (uri: string): string | undefined => parseUri(uri)?.host.toLowerCase();
