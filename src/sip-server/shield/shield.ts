// Who may ask how much of us: strangers little, sources that the application has said yes to much more.
//
// A stranger is counted by its address (an IPv6 one by its /64), so that it gains nothing by many ports. A source becomes known,
// by address and port, when the application answers a request of it with a 2xx, or when it names what only our messages say:
// then a flood from its own address does not touch it. Over UDP an address can be forged, so a 2xx alone is no proof that the
// source hears us; an answer to a challenge, a request within a dialog, and a response to a request of ours are. Until then it
// gets no more than twice the octets that came from it, and 300.
import { headersOf, type Header, type SipRequest } from '../message.ts';
import type { Limits } from '../options.ts';
import type { Reporter } from '../reporter.ts';
import { isReliable, type Flow, type Place } from '../transport/flow.ts';
import { Bucket, type Rate } from './bucket.ts';
import { GuardedFlow, type GuardParts } from './guarded-flow.ts';
import { Recent } from './recent.ts';
import { placeKey, Sources, type Known, type Source, type SourcesParts, type Stranger } from './sources.ts';

type Headers = { readonly headers: readonly Header[] };

/** The longest time for which a connection is not read, in ms. */
const longestPause = 5_000;
/** Of the room for unanswered requests; the rest is kept for known sources and for dialogs. */
const strangersShare = 0.8;

export interface ShieldParts extends SourcesParts {
  readonly reporter: Reporter;
}

export class Shield {
  readonly #limits: Limits;
  readonly #parts: ShieldParts;
  readonly #guard: GuardParts;
  readonly #sources: Sources;
  /** Of the last challenge to each UDP source. */
  readonly #nonces: Recent<readonly string[]>;
  readonly #allRate: Rate;
  /** Of all strangers together. */
  readonly #all: Bucket;

  constructor(parts: ShieldParts) {
    const { limits, timers } = parts;
    this.#limits = limits;
    this.#parts = parts;
    this.#sources = new Sources(parts);
    this.#nonces = new Recent(limits.sources);
    const { requestsOfStrangers: perSecond, requestBurst } = limits;
    this.#allRate = { perSecond, burst: Math.max(requestBurst, perSecond / 10) };
    this.#all = new Bucket(this.#allRate, timers.now());
    this.#guard = {
      timers,
      holdTrying: limits.holdTrying,
      isTrusted: (remote) => this.isHeard({ remote }),
      maySend: (remote, octets) => this.#maySend(remote, octets),
    };
  }

  /**
   * A message of that size has come: the way to answer it, or undefined when the source sends too much. A datagram is then
   * dropped; a connection is not read for a while, and loses only what would have to wait longer than that.
   */
  admit(size: number, flow: Flow): Flow | undefined {
    const { remote } = flow;
    const isGuarded = !isReliable(flow) && !this.isHeard(flow);
    if (isGuarded) this.#sources.strangerAt(remote).octets.receive(size, this.#parts.timers.now());
    if (!this.#isWithin(this.#sources.at(remote), flow)) return undefined;
    return isGuarded ? new GuardedFlow(flow, this.#guard) : flow;
  }

  /** The application has answered that request: a 2xx makes its source known, a challenge tells what to expect of it. */
  answered(request: SipRequest, flow: Flow, response: Headers & { readonly status: number }): void {
    const { status } = response;
    if ((status === 401 || status === 407) && !isReliable(flow)) {
      this.#nonces.set(placeKey(flow.remote), noncesIn(response, 'www-authenticate', 'proxy-authenticate'));
    }
    if (status < 200 || status >= 300) return;
    this.#sources.know(flow.remote, isReliable(flow) || this.#namesNonce(request, flow.remote));
  }

  #namesNonce(request: SipRequest, remote: Place): boolean {
    if (this.#nonces.size === 0) return false;
    const sent = this.#nonces.get(placeKey(remote));
    if (sent === undefined) return false;
    return noncesIn(request, 'authorization', 'proxy-authorization').some((nonce) => sent.includes(nonce));
  }

  /** The source named a tag or a branch that only our messages say. */
  heard({ remote }: Flow): void {
    this.#sources.know(remote, true);
  }

  /** Whether that source has shown that it hears us. */
  isHeard({ remote }: Pick<Flow, 'remote'>): boolean {
    return this.#sources.knownAt(remote)?.isHeard ?? false;
  }

  /** The record in which pending requests of that source are counted. */
  sourceOf({ remote }: Flow): Source {
    return this.#sources.at(remote);
  }

  /** The part of our room that is open to that source, from 0 to 1; 0 when it has too many requests pending. */
  shareOf({ remote }: Flow): number {
    const { kind, pending } = this.#sources.at(remote);
    const { pendingPerSource, pendingPerKnownSource } = this.#limits;
    if (kind === 'known') return pending < pendingPerKnownSource ? 1 : 0;
    return pending < pendingPerSource ? strangersShare : 0;
  }

  #isWithin({ kind, bucket }: Stranger | Known, flow: Flow): boolean {
    const now = this.#parts.timers.now();
    const { knownRate, strangersRate } = this.#sources;
    const longest = isReliable(flow) ? longestPause : 0;
    const own = bucket.take(kind === 'known' ? knownRate : strangersRate, now, longest);
    const all = kind === 'stranger' && own !== undefined ? this.#all.take(this.#allRate, now, longest) : 0;
    if (own === 0 && all === 0) return true;
    const wait = Math.max(own ?? longest, all ?? longest);
    if (wait > 0) flow.pause?.(wait);
    this.#report('flood', flow.remote, 'sends too many messages');
    return own !== undefined && all !== undefined;
  }

  #maySend(remote: Place, octets: Buffer): boolean {
    const mayGo = this.isHeard({ remote }) || this.#sources.strangerAt(remote).octets.spend(octets);
    if (!mayGo) this.#report('amplification', remote, 'would get more than it may');
    return mayGo;
  }

  #report(reason: 'flood' | 'amplification', { address, port }: Place, what: string): void {
    this.#parts.reporter.report(reason, `${address}:${port} ${what}`);
  }
}

const noncesIn = (message: Headers, ...keys: readonly string[]): string[] =>
  keys
    .flatMap((key) => headersOf(message, key))
    .flatMap(({ value }) => [...value.matchAll(/\bnonce="([^"]+)"/gi)].map(([, nonce]) => nonce!));
