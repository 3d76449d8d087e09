// What becomes of one forwarded request: its branches, and the one final response that goes back (RFC 3261 16.7).
import { abandon, answerAlone } from '../core/answer.ts';
import type { Incoming } from '../core/incoming.ts';
import type { Stack } from '../core/stack.ts';
import { paramOf } from '../grammar/lists.ts';
import { parseNameAddresses, type NameAddress } from '../grammar/name-address.ts';
import { parseSipUri, type SipUri } from '../grammar/uri.ts';
import { headersOf, serialise, type SipResponse } from '../message.ts';
import { countResponse } from '../metrics.ts';
import type { Flow } from '../transport/flow.ts';
import { bestOf } from './best.ts';
import { Branch } from './branch.ts';
import { mostDestinations } from './command.ts';
import { withoutOurVia, type Forwarding } from './forward.ts';

/** A destination: the Request-URI, and where that goes. */
export interface Hop {
  readonly uri: string;
  readonly next: SipUri;
}

export interface ContextParts {
  readonly stack: Stack;
  readonly incoming: Incoming;
  readonly forwarding: Omit<Forwarding, 'uri'>;
  readonly hops: readonly Hop[];
  readonly isSimultaneous: boolean;
  readonly followsRedirects: boolean;
  readonly provisionalTime?: number | undefined;
  readonly finalTime?: number | undefined;
  /** Hears each final response until one is chosen, and then that it is over. */
  readonly told?: { final(response: SipResponse, size: number, flow: Flow | undefined): void; done(): void };
}

/** RFC 3261 20.10. */
const preference = ({ params }: NameAddress): number => Number(paramOf(params, 'q') ?? 1) || 0;

export class Context {
  readonly #parts: ContextParts;
  readonly #left: Hop[];
  readonly #tried = new Set<string>();
  /** Those that are waited for. */
  readonly #active = new Set<Branch>();
  /** Given up, but they may still succeed. */
  readonly #givenUp = new Set<Branch>();
  readonly #failures: SipResponse[] = [];
  #isDecided = false;
  #isCancelled = false;

  constructor(parts: ContextParts) {
    this.#parts = parts;
    this.#left = [...parts.hops];
    for (const { uri } of parts.hops) this.#tried.add(uri);
  }

  start(): void {
    const { stack, incoming } = this.#parts;
    stack.incoming.mayComeAgain(incoming);
    incoming.patience?.cancel();
    incoming.owner = undefined;
    incoming.proxied = this;
    this.#advance();
  }

  /** The sender has cancelled its INVITE (RFC 3261 16.10). */
  cancel(): void {
    this.#isCancelled = true;
    this.#stop();
    this.#advance();
  }

  #advance(): void {
    if (this.#isDecided) return;
    while (this.#left.length > 0 && (this.#parts.isSimultaneous || this.#active.size === 0))
      this.#try(this.#left.shift()!);
    if (this.#active.size === 0 && !this.#isDecided) this.#decide();
  }

  #try({ uri, next }: Hop): void {
    const { stack, forwarding, provisionalTime, finalTime } = this.#parts;
    const branch = new Branch({
      stack,
      forwarding: { ...forwarding, uri },
      next,
      provisionalTime,
      finalTime,
      heard: (from, response, size, flow) => this.#hear(from, response, size, flow),
      givenUp: (from) => {
        this.#active.delete(from);
        this.#givenUp.add(from);
        this.#advance();
      },
    });
    this.#active.add(branch);
    branch.start();
  }

  #hear(branch: Branch, response: SipResponse, size: number, flow: Flow | undefined): void {
    const { status } = response;
    const isInvite = this.#parts.incoming.request.method === 'INVITE';
    if (status === 100) return;
    if (status < 200) {
      if (!this.#isDecided && this.#active.has(branch)) this.#passOn(response);
      return;
    }
    const isAwaited = this.#active.delete(branch);
    this.#givenUp.delete(branch);
    if (status < 300) {
      // Every 2xx to an INVITE has begun a dialog, so the caller must know of it.
      if (isInvite || !this.#isDecided) this.#passOn(response);
      if (!this.#isDecided) this.#succeed(response, size, flow);
      return;
    }
    if (this.#isDecided || !isAwaited) return;
    this.#parts.told?.final(response, size, flow);
    if (!this.#isRedirected(response)) this.#failures.push(response);
    if (status >= 600) this.#stop();
    this.#advance();
  }

  #succeed(response: SipResponse, size: number, flow: Flow | undefined): void {
    this.#isDecided = true;
    this.#stop();
    this.#parts.told?.final(response, size, flow);
    this.#parts.told?.done();
  }

  /** Nobody else is asked, and those who are asked hear that it is over. */
  #stop(): void {
    this.#left.length = 0;
    for (const branch of [...this.#active, ...this.#givenUp]) branch.callOff();
  }

  /** Takes the contacts of a 3xx as further destinations; false when there is no new one. */
  #isRedirected(response: SipResponse): boolean {
    if (!this.#parts.followsRedirects || response.status >= 400 || this.#isCancelled) return false;
    const contacts = headersOf(response, 'contact').flatMap(({ value }) => parseNameAddresses(value) ?? []);
    const before = this.#left.length;
    for (const contact of contacts.sort((one, other) => preference(other) - preference(one))) {
      // A Request-URI has no headers.
      const uri = contact.uri.replace(/\?.*$/, '');
      const next = parseSipUri(uri);
      if (next === undefined || this.#tried.has(uri) || this.#tried.size >= mostDestinations) continue;
      this.#tried.add(uri);
      this.#left.push({ uri, next });
    }
    return this.#left.length > before;
  }

  /** Everybody has failed. */
  #decide(): void {
    this.#isDecided = true;
    const { stack, incoming } = this.#parts;
    const isInvite = incoming.request.method === 'INVITE';
    const best = bestOf(this.#failures);
    if (this.#isCancelled && isInvite && (best === undefined || best.status === 408)) {
      answerAlone(stack, incoming, 487, 'Request Terminated');
    } else if (best === undefined || best.status === 408) {
      // RFC 4320 4.2: a request other than INVITE has timed out at its sender as well.
      if (isInvite) answerAlone(stack, incoming, 408, 'Request Timeout');
      else abandon(stack, incoming);
    } else if (best.status === 503) answerAlone(stack, incoming, 500, 'Server Internal Error');
    else this.#passOn(best);
    this.#parts.told?.done();
  }

  #passOn(response: SipResponse): void {
    const { stack, incoming } = this.#parts;
    const { machine, flow, request } = incoming;
    const upwards = withoutOurVia(response);
    if (upwards === undefined) return;
    const octets = serialise(upwards);
    const { status } = response;
    countResponse(stack.metrics.responsesOut, status);
    stack.shield.answered(request, flow, response);
    if (machine.isOpen) machine.respond(status, octets);
    else flow.send(octets);
    if (status >= 200) stack.incoming.answered(incoming, status < 300);
  }
}
