// The addresses of the host names by which identify objects recognise senders: resolved at the start, and again and again.
import { lookup, resolveSrv } from 'node:dns/promises';
import type { Clock } from '../../core/clock.ts';
import { inWords, type Log } from './log.ts';
import type { PjsipObjects } from './objects/index.ts';

/** Each fails as it likes when there is nothing of that name. */
export interface Resolver {
  /** The IP addresses of a host. */
  addresses(host: string): Promise<readonly string[]>;
  /** The hosts of an SRV record, "_sip._udp.example.org". */
  targets(service: string): Promise<readonly string[]>;
}

export const systemResolver: Resolver = {
  addresses: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  targets: async (service) => (await resolveSrv(service)).map(({ name }) => name),
};

export interface HostsParts {
  readonly objects: Pick<PjsipObjects, 'identifies'>;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long an answer is good for, in milliseconds. */
const REFRESH = 300_000;
/** How long the start waits for answers, in milliseconds; what comes later counts from then on. */
const PATIENCE = 5_000;
/** How many names are asked for, how many at once, and how many addresses of each count. */
const NAMES = 1_000;
const AT_ONCE = 10;
const ADDRESSES = 100;
const SERVICES = ['_sip._udp', '_sip._tcp', '_sips._tcp'];

export class Hosts {
  readonly #parts: HostsParts;
  readonly #addresses = new Map<string, ReadonlySet<string>>();
  /** Names of which the last attempt failed: that is said once. */
  readonly #failing = new Set<string>();
  #turn: Promise<void> = Promise.resolve();
  #disarm: () => void = () => undefined;
  #isClosed = false;

  constructor(parts: HostsParts) {
    this.#parts = parts;
  }

  /** Resolves when the names have been asked for, but does not wait for long. */
  async start(): Promise<void> {
    const { clock } = this.#parts;
    let callOff: () => void = () => undefined;
    const isLate = new Promise<void>((resolve) => (callOff = clock.after(PATIENCE, resolve)));
    await Promise.race([this.changed(), isLate]);
    callOff();
  }

  /** Other names may be needed now. */
  changed(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#refresh());
    return this.#turn;
  }

  close(): void {
    this.#isClosed = true;
    this.#disarm();
  }

  /** Whether it is an address of that host, by the last answer that there was. */
  has(host: string, address: string): boolean {
    return this.#addresses.get(host)?.has(plain(address)) === true;
  }

  async #refresh(): Promise<void> {
    this.#disarm();
    const names = this.#names();
    for (const known of [...this.#addresses.keys()]) if (!names.has(known)) this.#addresses.delete(known);
    const waiting = [...names];
    const next = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined && !this.#isClosed; name = waiting.shift())
        await this.#resolve(...name);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    if (!this.#isClosed && names.size > 0) this.#disarm = this.#parts.clock.after(REFRESH, () => void this.changed());
  }

  /** And whether each of them is one of SRV records, too. */
  #names(): Map<string, boolean> {
    const { objects, log } = this.#parts;
    const names = new Map<string, boolean>();
    for (const { hosts, srv_lookups: isService } of objects.identifies)
      for (const host of hosts) names.set(host, isService || names.get(host) === true);
    if (names.size > NAMES) log('error', `Of ${names.size} host names in identify objects only ${NAMES} are resolved`);
    return new Map([...names].slice(0, NAMES));
  }

  /** What is not found leaves what was known before. */
  async #resolve(name: string, isService: boolean): Promise<void> {
    const { resolver, log } = this.#parts;
    const services = isService ? SERVICES.map((each) => resolver.targets(`${each}.${name}`)) : [];
    const targets = (await Promise.allSettled(services)).flatMap((each) =>
      each.status === 'fulfilled' ? each.value : [],
    );
    const asked = [...new Set([name, ...targets])].slice(0, ADDRESSES);
    const answers = await Promise.allSettled(asked.map((host) => resolver.addresses(host)));
    const found = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    if (found.length > 0) {
      this.#failing.delete(name);
      this.#addresses.set(name, new Set(found.slice(0, ADDRESSES).map(plain)));
    } else if (!this.#failing.has(name)) {
      this.#failing.add(name);
      const [reason] = answers.flatMap((each) => (each.status === 'rejected' ? [`: ${inWords(each.reason)}`] : []));
      log('warn', `No address of ${name} was found, by which an identify object recognises a sender${reason ?? ''}`);
    }
  }
}

/** An IPv4 address that came in IPv6's clothes is an IPv4 address (RFC 4291 2.5.5.2). */
const plain = (address: string): string => address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
