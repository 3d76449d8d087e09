// All registrations of ours at providers: they follow the configuration, and are taken back when the service stops.
import type { Core } from '../../core/index.ts';
import type { RegistrationChange, RegistrationProvider, RegistrationSnapshot } from '../../core/registrations.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from './log.ts';
import type { EndpointObject, PjsipObjects } from './objects/index.ts';
import { OutboundRegistration, snapshotId, type OutboundRegistrationParts } from './outbound-registration.ts';
import type { SipStack } from './stack.ts';

export interface OutboundRegistrationsParts {
  readonly core: Pick<Core, 'endpoints' | 'registrations'>;
  readonly objects: Pick<PjsipObjects, 'registrations'>;
  readonly stack: Pick<SipStack, 'send' | 'flows'>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly fraction: () => number;
  readonly log: Log;
}

/** How long taking one back may hold up what comes after it, in milliseconds. */
const FAREWELL = 2_000;

export class OutboundRegistrations implements RegistrationProvider {
  readonly #parts: OutboundRegistrationsParts;
  /** By the name of its object. */
  readonly #current = new Map<string, OutboundRegistration>();
  readonly #byEndpoint = new Map<string, OutboundRegistration>();
  readonly #underWay = new Map<string, Promise<void>>();
  #isOpen = false;
  #unwatch: () => void = () => undefined;

  constructor(parts: OutboundRegistrationsParts) {
    this.#parts = parts;
    parts.core.registrations.addProvider(this);
  }

  /** Begins all that are configured. */
  open(): void {
    this.#isOpen = true;
    this.#unwatch =
      this.#parts.stack.flows?.onFlowClosed((flow) => {
        for (const each of this.#current.values()) each.flowClosed(flow);
      }) ?? this.#unwatch;
    for (const id of this.#parts.objects.registrations.keys()) this.objectChanged(id);
  }

  /** Takes all of them back. Resolves when that is confirmed, but after 2 seconds at most. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#unwatch();
    const all = new Set([...this.#current.keys(), ...this.#underWay.keys()]);
    await Promise.all([...all].map((id) => this.#follow(id)));
  }

  /** A registration was configured, configured anew, or is no longer. */
  objectChanged(id: string): void {
    void this.#follow(id);
  }

  /** The Route headers for requests of an endpoint whose provider wants them (RFC 3608). */
  serviceRoute({ id }: EndpointObject): readonly string[] {
    return this.#byEndpoint.get(id)?.serviceRoute ?? [];
  }

  *list(): Iterable<RegistrationSnapshot> {
    for (const each of this.#current.values()) yield each.snapshot;
  }

  find(id: string): RegistrationSnapshot | undefined {
    return this.#find(id)?.snapshot;
  }

  /** It is taken back, and stays so until it is configured anew or the service is started again. */
  async remove(id: string): Promise<boolean> {
    const found = this.#find(id);
    if (found === undefined) return false;
    await this.#end(found);
    return true;
  }

  #find(id: string): OutboundRegistration | undefined {
    return [...this.#current.values()].find(({ object }) => snapshotId(object.id) === id);
  }

  /** Until what is there is what is configured: one after the other for each name. */
  #follow(id: string): Promise<void> {
    const already = this.#underWay.get(id);
    if (already !== undefined) return already;
    // In a turn of its own, so that it is known to be under way before it can be done.
    const work = Promise.resolve().then(() => this.#catchUp(id));
    this.#underWay.set(id, work);
    return work;
  }

  async #catchUp(id: string): Promise<void> {
    for (;;) {
      const wanted = this.#isOpen ? this.#parts.objects.registrations.get(id) : undefined;
      const current = this.#current.get(id);
      if (current?.object === wanted) return void this.#underWay.delete(id);
      if (current !== undefined) {
        await this.#end(current);
        this.#current.delete(id);
        if (this.#byEndpoint.get(current.object.endpoint ?? '') === current)
          this.#byEndpoint.delete(current.object.endpoint ?? '');
      } else if (wanted !== undefined) {
        const begun = new OutboundRegistration(wanted, this.#partsOfOne());
        this.#current.set(id, begun);
        if (wanted.endpoint !== undefined) this.#byEndpoint.set(wanted.endpoint, begun);
        begun.start();
      }
    }
  }

  #partsOfOne(): OutboundRegistrationParts {
    return { ...this.#parts, onChange: (registration, change) => this.#tell(registration, change) };
  }

  async #end(registration: OutboundRegistration): Promise<void> {
    let callOff: () => void = () => undefined;
    const isLate = new Promise<true>((resolve) => {
      callOff = this.#parts.clock.after(FAREWELL, () => resolve(true));
    });
    if (await Promise.race([registration.end(), isLate])) registration.abandon();
    callOff();
  }

  #tell({ snapshot, object: { endpoint: resource } }: OutboundRegistration, change: RegistrationChange): void {
    const { endpoints, registrations } = this.#parts.core;
    const endpoint = resource === undefined ? undefined : endpoints.find({ tech: 'PJSIP', resource });
    registrations.changed(snapshot, change, endpoint);
  }
}
