// Who is registered where: telephones with us, and we with providers, as the technologies tell.
import type { EndpointId } from '../ids.ts';
import type { Topic } from '../stasis/index.ts';
import type { Endpoint } from './endpoint.ts';
import type { Fact } from './facts.ts';

export interface RegistrationSnapshot {
  /** Unique among all; of letters, digits, "-", "_", "." and "~" only, which a URL shows as they are. */
  readonly id: string;
  /** Inbound: of a telephone with us. Outbound: ours with a provider. */
  readonly direction: 'inbound' | 'outbound';
  readonly endpoint?: EndpointId;
  readonly aor: string;
  /** The contact. */
  readonly uri: string;
  readonly state: 'Registered' | 'Unregistered' | 'Rejected' | 'Stopped';
  /** Where it came from: "192.0.2.1:5060". */
  readonly source?: string;
  /** "udp", "tcp", "tls", "ws", "wss". */
  readonly transport?: string;
  /** What the other side calls itself. */
  readonly agent?: string;
  /** Both in milliseconds since 1970. */
  readonly expiresAt?: number;
  readonly registeredAt?: number;
  /** The proxies on the way to it, the nearest to us first. */
  readonly path: readonly string[];
  /** How long the last answer of the contact took, in microseconds. */
  readonly roundtrip?: number;
  /** Whether it answers: "Reachable"; or why there is no registration. */
  readonly status?: string;
}

/** What became of a registration. */
export type RegistrationChange =
  | 'registered'
  | 'refreshed'
  | 'unregistered'
  | 'expired'
  /** It had to make room for another. */
  | 'evicted'
  | 'connection-closed'
  /** A request to it could not be delivered. */
  | 'unreachable'
  /** By an operator. */
  | 'removed'
  /** The other side does not want it. */
  | 'rejected'
  /** The other side could not be asked. */
  | 'failed'
  | 'stopped';

/** What can be asked for. */
export type RegistrationDigest = Pick<
  RegistrationSnapshot,
  'id' | 'direction' | 'endpoint' | 'aor' | 'uri' | 'transport'
>;

/** Whoever keeps registrations. */
export interface RegistrationProvider {
  /** Those that are wanted, at least: the others may be left out, which saves the work of showing them. */
  list(isWanted: (each: RegistrationDigest) => boolean): Iterable<RegistrationSnapshot>;
  find(id: string): RegistrationSnapshot | undefined;
  /** Ends it, and tells. Says whether it was there. */
  remove(id: string): Promise<boolean>;
}

/** What is left out matches everything. */
export interface RegistrationFilter {
  readonly endpoint?: EndpointId;
  readonly aor?: string;
  readonly transport?: string;
  readonly direction?: string;
  /** A part of the contact. */
  readonly contact?: string;
}

export interface Page {
  /** At least 1. */
  readonly limit: number;
  /** The id of the last one of the page before. It need not exist any longer. */
  readonly after?: string;
}

/** How many more than a page are collected before they are sorted. */
const SLACK = 256;

export class Registrations {
  readonly #providers: RegistrationProvider[] = [];
  /** Of those that belong to no endpoint. */
  readonly #topic: Topic<Fact>;

  constructor(topic: Topic<Fact>) {
    this.#topic = topic;
  }

  addProvider(provider: RegistrationProvider): void {
    this.#providers.push(provider);
  }

  /** In the order of their ids. */
  list(filter: RegistrationFilter, { limit, after = '' }: Page): RegistrationSnapshot[] {
    let page: RegistrationSnapshot[] = [];
    const shorten = (): void => {
      page = page.sort((one, other) => (one.id < other.id ? -1 : 1)).slice(0, limit);
    };
    // No id beyond this one can be on the page.
    let last = '';
    const isWanted = (each: RegistrationDigest): boolean =>
      each.id > after && (last === '' || each.id < last) && matches(each, filter);
    for (const provider of this.#providers) {
      for (const each of provider.list(isWanted)) {
        if (!isWanted(each)) continue;
        page.push(each);
        if (page.length < limit + SLACK) continue;
        shorten();
        last = page.at(-1)!.id;
      }
    }
    shorten();
    return page;
  }

  find(id: string): RegistrationSnapshot | undefined {
    for (const provider of this.#providers) {
      const found = provider.find(id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Says whether it was there. Fails as the technology does that keeps it. */
  async remove(id: string): Promise<boolean> {
    for (const provider of this.#providers) {
      if (provider.find(id) !== undefined) return provider.remove(id);
    }
    return false;
  }

  /** For technologies: tells what became of a registration, to those who follow its endpoint if it has one. */
  changed(registration: RegistrationSnapshot, change: RegistrationChange, endpoint?: Endpoint): void {
    if (endpoint !== undefined) endpoint.registrationChanged(registration, change);
    else this.#topic.publish({ type: 'RegistrationChanged', registration, change });
  }
}

const matches = (
  each: RegistrationDigest,
  { endpoint, aor, transport, direction, contact }: RegistrationFilter,
): boolean =>
  (endpoint === undefined || each.endpoint === endpoint) &&
  (aor === undefined || each.aor === aor) &&
  (transport === undefined || each.transport === transport) &&
  (direction === undefined || each.direction === direction) &&
  (contact === undefined || each.uri.includes(contact));
