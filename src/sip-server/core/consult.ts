// A new request for which a web service is asked: what it says is done (outbound mode of drachtio's protocol).
import type { Client } from '../control/client.ts';
import type { Verdict } from '../control/verdict.ts';
import { ourHeader } from '../message.ts';
import type { Proxies } from '../proxy/proxies.ts';
import { answerAlone, answerUnavailable } from './answer.ts';
import type { Incoming } from './incoming.ts';
import type { Stack } from './stack.ts';

export interface Consulted {
  readonly stack: Stack;
  readonly proxies: Proxies;
  readonly incoming: Incoming;
  readonly deliver: (client: Client, incoming: Incoming) => void;
}

/** Asks, and does it; the sender hears 500 when there is no usable answer, and 480 when the application is not there. */
export function consult(consulted: Consulted, url: URL): void {
  const { stack, incoming } = consulted;
  if (stack.handlers.isFull) {
    stack.reporter.report('overload', `${incoming.request.method}: too many are asked for at once`);
    return answerUnavailable(stack, incoming);
  }
  stack.handlers.ask(url, incoming.request, incoming.flow).then(
    (verdict) => isStillOpen(consulted) && carryOut(consulted, verdict),
    (error: unknown) => {
      stack.reporter.report('handler', `${url.origin}: ${error instanceof Error ? error.message : String(error)}`);
      if (isStillOpen(consulted)) answerAlone(stack, incoming, 500, 'Server Internal Error');
    },
  );
}

/** It may have been cancelled meanwhile. */
const isStillOpen = ({ stack, incoming }: Consulted): boolean => stack.incoming.get(incoming.id) === incoming;

function carryOut(consulted: Consulted, verdict: Verdict): void {
  const { stack, proxies, incoming, deliver } = consulted;
  const unavailable = (): void => answerAlone(stack, incoming, 480, 'Temporarily Unavailable');
  switch (verdict.kind) {
    case 'route':
      return stack.clients.call(verdict, (client) => {
        if (!isStillOpen(consulted)) return client?.destroy();
        if (client === undefined) return unavailable();
        deliver(client, incoming);
      });
    case 'tagged': {
      const client = stack.clients.choose(incoming.request.method, verdict.tag);
      return client === undefined ? unavailable() : deliver(client, incoming);
    }
    case 'reject':
      return answerAlone(stack, incoming, verdict.status, verdict.reason);
    case 'redirect':
      return answerAlone(
        stack,
        incoming,
        302,
        'Moved',
        verdict.contacts.map((each) => ourHeader('Contact', each)),
      );
    case 'proxy':
      if (proxies.begin(incoming, verdict.tokens)) return;
      stack.reporter.report('handler', `cannot forward to ${verdict.tokens.slice(6).join(', ')}`);
      return answerAlone(stack, incoming, 500, 'Server Internal Error');
  }
}
