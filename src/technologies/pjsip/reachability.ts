// What the core is told of our endpoints: that there are such, and when and where they can be reached.
import type { Endpoint } from '../../core/endpoint.ts';
import type { Endpoints } from '../../core/endpoints.ts';
import type { ContactStatus } from '../../core/facts.ts';
import type { EndpointObject, PjsipObjects } from './objects/index.ts';

export class Reachability {
  readonly #endpoints: Endpoints;
  readonly #objects: Pick<PjsipObjects, 'endpoints'>;
  /** Whether an address of record can be reached now. */
  readonly #isAvailable: (aor: string) => boolean;
  /** The names of the endpoints of an address of record, in the order in which they came. */
  readonly #byAor = new Map<string, Set<string>>();
  readonly #aorsOf = new Map<string, readonly string[]>();

  constructor(endpoints: Endpoints, objects: Pick<PjsipObjects, 'endpoints'>, isAvailable: (aor: string) => boolean) {
    this.#endpoints = endpoints;
    this.#objects = objects;
    this.#isAvailable = isAvailable;
  }

  /** Makes every endpoint: at first offline, then online if it can be reached already. */
  open(): void {
    for (const id of this.#objects.endpoints.keys()) this.endpointChanged(id);
  }

  /** An endpoint was configured, configured anew, or is no longer. */
  endpointChanged(id: string): void {
    const object = this.#objects.endpoints.get(id);
    this.#index(id, object?.aors ?? []);
    const key = keyOf(id);
    if (object === undefined) return this.#endpoints.remove(key);
    let endpoint = this.#endpoints.find(key);
    if (endpoint === undefined) {
      endpoint = this.#endpoints.create(key);
      endpoint.setState('offline');
    }
    endpoint.setReachable(object.aors.some(this.#isAvailable));
  }

  endpointOf(object: EndpointObject): Endpoint {
    return this.#endpoints.get(keyOf(object.id));
  }

  /** All that share an address of record. */
  objectsOf(aor: string): EndpointObject[] {
    return [...(this.#byAor.get(aor) ?? [])].flatMap((id) => this.#objects.endpoints.get(id) ?? []);
  }

  /** Whether the address of record can be reached may have changed. */
  changed(aor: string): void {
    for (const object of this.objectsOf(aor))
      this.#endpoints.find(keyOf(object.id))?.setReachable(object.aors.some(this.#isAvailable));
  }

  /** News of a contact: who is reached by it changes first, then the contact is told. */
  contactChanged(contact: ContactStatus): void {
    for (const object of this.objectsOf(contact.aor)) {
      const endpoint = this.#endpoints.find(keyOf(object.id));
      endpoint?.setReachable(object.aors.some(this.#isAvailable));
      endpoint?.contactChanged(contact);
    }
  }

  #index(id: string, aors: readonly string[]): void {
    for (const aor of this.#aorsOf.get(id) ?? []) {
      this.#byAor.get(aor)?.delete(id);
      if (this.#byAor.get(aor)?.size === 0) this.#byAor.delete(aor);
    }
    for (const aor of aors) this.#byAor.set(aor, (this.#byAor.get(aor) ?? new Set()).add(id));
    if (aors.length === 0) this.#aorsOf.delete(id);
    else this.#aorsOf.set(id, aors);
  }
}

const keyOf = (id: string): { tech: string; resource: string } => ({ tech: 'PJSIP', resource: id });
