// Requests that we send out of any dialog: when the other side asks who we are, they say it once, with an endpoint's credentials.
import { Fault } from '../../errors.ts';
import { answerChallenges } from './digest.ts';
import type { EndpointObject } from './objects/index.ts';
import type { ClientTransaction, OutgoingRequest, SipHeader, SipMessage, SipResponse, SipStack } from './stack.ts';

export interface OutboundParts {
  readonly stack: SipStack;
  readonly random: (bytes: number) => Buffer;
}

/**
 * As `SipStack.send`, for an endpoint: a 401 or a 407 is answered with its `outbound_auth`, by sending the request again
 * within the same call (RFC 3261 22.2). `sent` tells of the first time, `final` of the
 * last; when the second cannot be sent, it is the challenge.
 */
export type Outbound = (
  object: EndpointObject,
  request: OutgoingRequest & { readonly uri: string },
) => ClientTransaction;

export function outbound({ stack, random }: OutboundParts): Outbound {
  const cnonce = (): string => random(8).toString('hex');
  return ({ outbound_auth: auths }, request) => {
    const first = stack.send(request);
    let current = first;
    let isCancelled = false;

    const finish = async (): Promise<SipResponse> => {
      const response = await first.final;
      if (isCancelled || (response.status !== 401 && response.status !== 407)) return response;
      const answers = answerChallenges(response, request, auths, cnonce);
      if (answers.length === 0) return response;
      current = stack.send({ ...request, headers: again(request, await first.sent, answers) });
      return current.final.catch((error: unknown) => {
        if (error instanceof Fault) return response;
        throw error;
      });
    };
    const final = finish();
    // Who waits for `sent` alone hears of its failure there.
    final.catch(() => undefined);
    return {
      sent: first.sent,
      final,
      cancel() {
        isCancelled = true;
        current.cancel();
      },
    };
  };
}

/** The same call and the same tag, the next number (RFC 3261 8.1.3.5). */
function again(
  { method, headers = [] }: OutgoingRequest,
  sent: SipMessage,
  answers: readonly SipHeader[],
): readonly SipHeader[] {
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
