// What the core is told of our endpoints: that there are such, and when and where they can be reached.
import type { Endpoint } from '../../core/endpoint.ts';
import type { Endpoints } from '../../core/endpoints.ts';
import type { Contact } from './location.ts';
import type { EndpointObject, PjsipObjects } from './objects/index.ts';

export class Reachability {
  readonly #endpoints: Endpoints;
  readonly #objects: PjsipObjects;
  readonly #byAor = new Map<string, readonly EndpointObject[]>();
  readonly #contacts: (aor: string) => readonly Contact[];

  constructor(endpoints: Endpoints, objects: PjsipObjects, contacts: (aor: string) => readonly Contact[]) {
    this.#endpoints = endpoints;
    this.#objects = objects;
    this.#contacts = contacts;
    for (const object of objects.endpoints.values()) {
      for (const aor of object.aors) this.#byAor.set(aor, [...(this.#byAor.get(aor) ?? []), object]);
    }
  }

  /** Makes every endpoint: at first offline, then online if it has a contact already. */
  open(): void {
    for (const object of this.#objects.endpoints.values()) {
      const endpoint = this.#endpoints.create(keyOf(object));
      endpoint.setState('offline');
      if (this.#isReachable(object)) endpoint.setReachable(true);
    }
  }

  endpointOf(object: EndpointObject): Endpoint {
    return this.#endpoints.get(keyOf(object));
  }

  /** A contact came or went: who is reached by it changes first, then the contact is told. */
  changed(aor: string, { uri }: Contact, change: 'added' | 'removed'): void {
    const status = change === 'added' ? 'NonQualified' : 'Removed';
    for (const object of this.#byAor.get(aor) ?? []) {
      const endpoint = this.endpointOf(object);
      endpoint.setReachable(this.#isReachable(object));
      endpoint.contactChanged({ uri, status, aor, roundtrip: 0 });
    }
  }

  #isReachable({ aors }: EndpointObject): boolean {
    return aors.some((aor) => this.#contacts(aor).length > 0);
  }
}

const keyOf = ({ id }: EndpointObject): { tech: string; resource: string } => ({ tech: 'PJSIP', resource: id });
