// Forwarding: when an application says so, and by itself the later requests of a call that came through here (RFC 3261 16).
import type { Client } from '../control/client.ts';
import type { DraftRequest } from '../control/command.ts';
import { told } from '../control/encoding.ts';
import { proxied } from '../control/leaders.ts';
import { answerAlone } from '../core/answer.ts';
import { dictated, routed } from '../core/compose-request.ts';
import { applicationHeaders } from '../core/compose-response.ts';
import type { Incoming } from '../core/incoming.ts';
import { freshToken, type Stack } from '../core/stack.ts';
import { towards } from '../core/towards.ts';
import { parseNameAddress, tagOf } from '../grammar/name-address.ts';
import { parseSipUri } from '../grammar/uri.ts';
import { headerOf, serialise, type Header, type SipRequest } from '../message.ts';
import { countRequest } from '../metrics.ts';
import { defaultPorts } from '../locate/target.ts';
import type { Flow, Protocol } from '../transport/flow.ts';
import { parseProxyCommand, type ProxyCommand } from './command.ts';
import { Context, type ContextParts, type Hop } from './context.ts';
import { composeForwarded, hopsLeft, routesOf, withoutOwnRoutes, withRoutes } from './forward.ts';
import { callMark, isLooping, isOurRoute, loopMark } from './marks.ts';

/** What the application must not say of a request that is somebody else's. */
const notTheirs = new Set([...dictated, 'path']);

const protocols: readonly Protocol[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];

export class Proxies {
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** A "proxy" command of an application, which has the request until then. */
  forward(client: Client, messageId: string, tokens: readonly string[], draft: DraftRequest): void {
    const refuse = (reason: string): void => client.reply(messageId, ['NOK', reason]);
    const command = parseProxyCommand(tokens);
    if (typeof command === 'string') return refuse(command);
    const incoming = this.#stack.incoming.get(command.transaction);
    if (incoming === undefined || incoming.owner !== client)
      return refuse(`Unknown transaction id: ${command.transaction}`);
    if (incoming.isTagged || incoming.isWithinDialog) return refuse('error proxying request to ');
    const refusal = this.#begin(incoming, command, applicationHeaders(draft, notTheirs, incoming.flow), {
      final: (response, size, flow) =>
        client.reply(messageId, proxied(size, flow, this.#stack.timers.now()), told(response)),
      done: () => client.reply(messageId, ['OK', 'done']),
    });
    if (refusal !== undefined) refuse(refusal);
  }

  /** The same at the word of nobody who waits for the outcome; `tokens` without the transaction id. False when they are wrong. */
  begin(incoming: Incoming, tokens: readonly string[]): boolean {
    const command = parseProxyCommand([incoming.id, ...tokens]);
    if (typeof command === 'string') return false;
    this.#begin(incoming, command, []);
    return true;
  }

  #begin(
    incoming: Incoming,
    command: ProxyCommand,
    extra: readonly Header[],
    told?: ContextParts['told'],
  ): string | undefined {
    const request = withoutOwnRoutes(incoming.request, (uri) => this.#isOurs(incoming.request, uri));
    const isForUs = this.#isOurs(request, request.uri);
    const hops = command.destinations.map((destination): Hop => ({
      uri: isForUs ? destination : request.uri,
      next: parseSipUri(destination)!,
    }));
    const mark = command.remainsInDialog ? callMark(this.#stack.settings.secret, request) : undefined;
    return this.#forward(incoming, request, mark, { ...command, hops, extra, ...(told && { told }) });
  }

  /** Sends on a request of a call that was forwarded before; false when it is none. */
  passOn(incoming: Incoming): boolean {
    const passing = this.#passing(incoming.request);
    if (passing === undefined) return false;
    const { request, hop } = passing;
    this.#forward(incoming, request, undefined, {
      hops: [hop],
      extra: [],
      isSimultaneous: false,
      followsRedirects: false,
    });
    return true;
  }

  /** The same for an ACK to a 2xx, which is no transaction. */
  passOnAck(ack: SipRequest, flow: Flow): boolean {
    const passing = this.#passing(ack);
    if (passing === undefined) return false;
    const { request, hop } = passing;
    if (hopsLeft(request) < 1) return true;
    const { secret } = this.#stack.settings;
    const parts = {
      request,
      uri: hop.uri,
      entrance: flow,
      callMark: undefined,
      loopMark: loopMark(secret, ack),
      extra: [],
    };
    towards(this.#stack, hop.next, (destination) => {
      if (destination.kind !== 'flow') return;
      countRequest(this.#stack.metrics.requestsOut, 'ACK');
      destination.flow.send(serialise(composeForwarded(parts, destination.flow, freshToken(this.#stack))));
    });
    return true;
  }

  /** Returns why it does not, which the sender has been told too. */
  #forward(
    incoming: Incoming,
    request: SipRequest,
    mark: string | undefined,
    parts: Pick<ContextParts, 'hops' | 'isSimultaneous' | 'followsRedirects' | 'told'> & {
      readonly extra: ContextParts['forwarding']['extra'];
    },
  ): string | undefined {
    const own = loopMark(this.#stack.settings.secret, incoming.request);
    const isLoop = isLooping(incoming.request, own);
    if (isLoop || hopsLeft(request) < 1) {
      const [status, reason] = isLoop ? ([482, 'Loop Detected'] as const) : ([483, 'Too Many Hops'] as const);
      answerAlone(this.#stack, incoming, status, reason);
      return `${status} ${reason}`;
    }
    const { extra, ...rest } = parts;
    const forwarding = { request, entrance: incoming.flow, callMark: mark, loopMark: own, extra };
    new Context({ ...rest, stack: this.#stack, incoming, forwarding }).start();
    return undefined;
  }

  /** A request within a dialog whose topmost Route is one of ours for this very call (RFC 3261 16.4). */
  #passing(request: SipRequest): { readonly request: SipRequest; readonly hop: Hop } | undefined {
    const { secret } = this.#stack.settings;
    const first = parseNameAddress(routesOf(request)[0] ?? '')?.uri;
    if (first === undefined || !isOurRoute(secret, request, first)) return undefined;
    if (tagOf(headerOf(request, 'to')) === undefined) return undefined;
    const left = withoutOwnRoutes(request, (uri) => isOurRoute(secret, request, uri));
    const remaining = routesOf(left);
    const { uri, routes } = routed(remaining, request.uri);
    const target = parseNameAddress(remaining[0] ?? '')?.uri ?? request.uri;
    const next = parseSipUri(target);
    return next && { request: withRoutes(left, routes), hop: { uri, next } };
  }

  /** Whether that URI names this server. */
  #isOurs(request: SipRequest, text: string): boolean {
    const uri = parseSipUri(text);
    if (uri === undefined) return false;
    const isOwn = (protocol: Protocol): boolean =>
      this.#stack.transports.isOwn(protocol, { address: uri.host, port: uri.port ?? defaultPorts[protocol] });
    return isOurRoute(this.#stack.settings.secret, request, text) || protocols.some(isOwn);
  }
}
