// The way in as a whole: who is recognised, and how; what each has to prove; and whether the door is open.
import type { Endpoint } from '../../core/endpoint.ts';
import { Fault } from '../../errors.ts';
import { checkingAuthentication, digestAuthenticator, type Authenticator } from './auth.ts';
import type { Clock } from '../../core/clock.ts';
import { DigestServer } from './digest-server.ts';
import { frontEnd, type FrontEnd } from './front-end.ts';
import { Hosts, systemResolver, type Resolver } from './hosts.ts';
import { Identifiers, identifiers } from './identify.ts';
import { insecurity, needsInsecure, type Security } from './insecure.ts';
import type { Log } from './log.ts';
import type { NoncesMetrics } from './nonces.ts';
import type { EndpointObject, PjsipObjects } from './objects/index.ts';
import type { Services } from './services.ts';
import type { SipAddress } from './stack.ts';
import { Unidentified, type UnidentifiedMetrics } from './unidentified.ts';
import { Works, type WorksMetrics } from './work.ts';

export interface EntranceOptions {
  /** Who checks credentials: by digest and the endpoints' auths if left out. With 'none', nothing is required of anyone. */
  readonly authenticator?: 'none' | ((digest: DigestServer) => Authenticator);
  /** Whether others than this machine may pass for endpoints that prove nothing. */
  readonly insecure?: boolean;
  readonly resolver?: Resolver;
}

export interface EntranceParts extends EntranceOptions {
  readonly objects: PjsipObjects;
  readonly services: Services;
  readonly endpointOf: (object: EndpointObject) => Endpoint;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly log: Log;
}

export interface EntranceMetrics {
  readonly unidentified: UnidentifiedMetrics;
  readonly works: WorksMetrics;
  readonly nonces: NoncesMetrics;
}

/** How many requests of one dialog, or of one Call-ID, may wait for their turn. */
const LIMIT = 100;

export class Entrance {
  /** Takes what the stack receives. */
  readonly receive: FrontEnd;
  readonly identifiers: Identifiers;
  readonly #parts: EntranceParts;
  readonly #digest: DigestServer;
  readonly #hosts: Hosts;
  readonly #works = new Works({ limit: LIMIT });
  readonly #unidentified: Unidentified;
  #isOpen = false;
  #addresses: readonly SipAddress[] = [];
  #stopPruning: () => void = () => undefined;

  constructor(parts: EntranceParts) {
    const { objects, services, endpointOf, clock, random, log, authenticator, resolver = systemResolver } = parts;
    this.#parts = parts;
    this.#digest = new DigestServer({ clock, random });
    this.#hosts = new Hosts({ objects, resolver, clock, log });
    this.#unidentified = new Unidentified(objects.global, clock, log);
    this.identifiers = new Identifiers(objects);
    for (const [name, identifier] of Object.entries(identifiers(objects, this.#hosts)))
      this.identifiers.register(name, identifier);
    const usual = (digest: DigestServer): Authenticator => digestAuthenticator({ objects, digest, random });
    const checker = authenticator === 'none' ? undefined : (authenticator ?? usual)(this.#digest);
    this.receive = frontEnd({
      objects,
      identifiers: this.identifiers,
      checkAuthentication: checkingAuthentication(checker, this.#digest),
      services,
      works: this.#works,
      endpointOf,
      isOpen: () => this.#isOpen,
      unidentified: this.#unidentified,
      log,
    });
  }

  /** Before the first request is read. */
  async prepare(): Promise<void> {
    this.#prune();
    await this.#hosts.start();
  }

  /**
   * Lets requests in that come to those addresses. Fails with a Fault 'forbidden' when anybody could pass for an
   * endpoint from beyond this machine, unless that is said to be right.
   */
  open(addresses: readonly SipAddress[]): void {
    const { objects, authenticator, log } = this.#parts;
    this.#addresses = addresses;
    const problem = this.problemOf(objects);
    if (problem !== undefined) throw new Fault('forbidden', problem, { code: 'insecure' });
    const risk = insecurity({ objects, isAuthenticating: authenticator !== 'none' });
    if (risk !== undefined) log('warn', risk);
    this.#isOpen = true;
  }

  /** Why such objects may not be; undefined when they may. */
  problemOf(objects: Security['objects']): string | undefined {
    const { insecure = false, authenticator } = this.#parts;
    const isAuthenticating = authenticator !== 'none';
    return insecure ? undefined : needsInsecure({ objects, addresses: this.#addresses, isAuthenticating });
  }

  /** Other objects are configured now. */
  changed(): void {
    void this.#hosts.changed();
  }

  /** What begins something new is refused; what has begun goes on. */
  shut(): void {
    this.#isOpen = false;
  }

  /** Everything is refused from now on; resolves when what was taken is done. */
  async close(): Promise<void> {
    this.shut();
    this.#stopPruning();
    this.#hosts.close();
    await this.#works.close();
  }

  get metrics(): EntranceMetrics {
    return { unidentified: this.#unidentified.metrics, works: this.#works.metrics, nonces: this.#digest.metrics };
  }

  /** Again and again, so that nothing is kept of who is gone. */
  #prune(): void {
    this.#digest.prune();
    this.#unidentified.prune();
    const interval = this.#parts.objects.global.unidentified_request_prune_interval * 1000;
    this.#stopPruning = this.#parts.clock.after(interval, () => this.#prune());
  }
}
