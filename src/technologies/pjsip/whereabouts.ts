// Where everybody is: contacts, whether they answer, which endpoints can be reached by them, and who is told of it.
import { performance } from 'node:perf_hooks';
import type { Core } from '../../core/index.ts';
import type { RegistrationChange } from '../../core/registrations.ts';
import type { Store } from '../../core/store.ts';
import { byFlows } from './by-flows.ts';
import type { Clock } from '../../core/clock.ts';
import type { Located, Registered } from './contact.ts';
import { InboundRegistrations } from './inbound-registrations.ts';
import { Location } from './location.ts';
import type { Log } from './log.ts';
import type { PjsipObjects } from './objects/index.ts';
import type { Outbound } from './outbound.ts';
import { ownUri } from './own-address.ts';
import { Qualify, type ContactState } from './qualify.ts';
import { Reachability } from './reachability.ts';
import type { ClientTransaction, OutgoingRequest, SipHeader, SipStack } from './stack.ts';
import { formatUri } from './uri.ts';

export interface WhereaboutsParts {
  readonly core: Pick<Core, 'endpoints' | 'registrations'>;
  readonly objects: PjsipObjects;
  readonly stack: SipStack;
  readonly store: Store;
  /** How requests are sent for an endpoint; used when all is in place. */
  readonly outbound: Outbound;
  readonly clock: Clock;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** Microseconds since any moment; of the process if left out. */
  readonly micros?: () => number;
  readonly log: Log;
}

export class Whereabouts {
  readonly location: Location;
  readonly reachability: Reachability;
  readonly qualify: Qualify;
  /** To telephones, by the flows by which they registered. */
  readonly outbound: Outbound;
  readonly #parts: WhereaboutsParts;
  readonly #inbound: InboundRegistrations;
  /** The static contacts of each address of record, as they were told. */
  readonly #fixed = new Map<string, readonly Located[]>();

  constructor(parts: WhereaboutsParts) {
    const { core, objects, stack, store, clock, random, micros = () => performance.now() * 1000, log } = parts;
    this.#parts = parts;
    this.location = new Location({
      ...{ store, clock, log, flows: stack.flows },
      aors: objects.aors,
      onChange: (aor, contact, change) => this.#contactChanged(aor, contact, change),
    });
    this.qualify = new Qualify({
      ...{ objects, clock, random, micros },
      contacts: (aor) => this.location.all(aor),
      send: (aor, request, authenticates) => this.#send(aor, request, authenticates),
      onChange: (aor, { uri }, state) => this.#tell(aor, uri, state),
    });
    this.reachability = new Reachability(core.endpoints, objects, (aor) => this.qualify.isAvailable(aor));
    this.outbound = byFlows({
      outbound: parts.outbound,
      location: this.location,
      areFlowsTold: stack.flows !== undefined,
    });
    this.#inbound = new InboundRegistrations({
      location: this.location,
      stateOf: (aor, contact) => this.qualify.stateOf(aor, contact),
      objectsOf: (aor) => this.reachability.objectsOf(aor),
    });
    core.registrations.addProvider(this.#inbound);
  }

  /** Reads what registered before, and makes the endpoints. */
  async open(): Promise<void> {
    await this.location.load();
    for (const aor of this.#parts.objects.aors.keys()) this.#fixed.set(aor, this.location.fixed(aor));
    this.qualify.open();
    this.reachability.open();
  }

  async close(): Promise<void> {
    this.qualify.close();
    await this.location.close();
  }

  /** An endpoint was configured, configured anew, or is no longer. */
  endpointChanged(id: string): void {
    this.reachability.endpointChanged(id);
  }

  /** An address of record was configured, configured anew, or is no longer: then its contacts go, which is told. */
  async aorChanged(id: string): Promise<void> {
    if (!this.#parts.objects.aors.has(id))
      await this.location.change(id, () => ({ contacts: [], why: () => 'removed' }));
    const before = this.#fixed.get(id) ?? [];
    const now = this.location.fixed(id);
    if (this.#parts.objects.aors.has(id)) this.#fixed.set(id, now);
    else this.#fixed.delete(id);
    this.qualify.aorChanged(id);
    const isNew = (each: Located, others: readonly Located[]): boolean => others.every((other) => other.id !== each.id);
    for (const each of now) if (isNew(each, before)) this.#tell(id, each.uri, { status: 'NonQualified', roundtrip: 0 });
    for (const each of before) if (isNew(each, now)) this.#tell(id, each.uri, { status: 'Removed', roundtrip: 0 });
    this.reachability.changed(id);
  }

  /** In the name of the first endpoint of the address of record, whose credentials are shown if they may be. */
  #send(aor: string, request: OutgoingRequest, authenticates: boolean): ClientTransaction {
    const { stack, outbound } = this.#parts;
    const [object] = this.reachability.objectsOf(aor);
    if (object === undefined) return stack.send(request);
    const from: SipHeader = ['From', `<${formatUri(ownUri(object, stack))}>`];
    const named = { ...request, headers: [from, ...(request.headers ?? [])] };
    return authenticates ? outbound(object, named) : stack.send(named);
  }

  #contactChanged(aor: string, contact: Registered, change: RegistrationChange): void {
    if (change === 'registered') {
      this.#tell(aor, contact.uri, { status: 'NonQualified', roundtrip: 0 });
      this.qualify.came(aor, contact);
      this.#tellRegistration(aor, contact, change);
    } else if (change === 'refreshed') {
      this.qualify.came(aor, contact);
      if (this.#parts.objects.global.send_contact_status_on_update_registration)
        this.#tell(aor, contact.uri, this.qualify.stateOf(aor, contact));
      this.#tellRegistration(aor, contact, change);
    } else {
      const gone = this.#inbound.snapshot(aor, contact, 'Unregistered');
      this.qualify.went(aor, contact);
      this.#tell(aor, contact.uri, { status: 'Removed', roundtrip: 0 });
      this.#tellRegistration(aor, contact, change, gone);
    }
  }

  #tell(aor: string, uri: string, { status, roundtrip }: ContactState): void {
    this.reachability.contactChanged({ uri, status, aor, roundtrip });
  }

  #tellRegistration(
    aor: string,
    contact: Registered,
    change: RegistrationChange,
    snapshot = this.#inbound.snapshot(aor, contact),
  ): void {
    const resource = this.#inbound.endpointOf(aor, contact);
    const { endpoints, registrations } = this.#parts.core;
    const endpoint = resource === undefined ? undefined : endpoints.find({ tech: 'PJSIP', resource });
    registrations.changed(snapshot, change, endpoint);
  }
}
