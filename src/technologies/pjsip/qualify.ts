// Whether contacts answer: OPTIONS to each of an address of record that wants it, again and again.
//
// A contact that comes is asked at once; those that are there at the start at a random moment, so that they do not all
// answer at the same time. Any response shows that someone is there, unless the address of record wants a 2xx.
import type { ContactStatus } from '../../core/facts.ts';
import type { Clock } from '../../core/clock.ts';
import { towards, type Located } from './contact.ts';
import { Deadlines } from '../../core/deadlines.ts';
import { Fault } from '../../errors.ts';
import type { AorObject, PjsipObjects } from './objects/index.ts';
import type { ClientTransaction, OutgoingRequest, SipResponse } from './stack.ts';

export interface ContactState {
  readonly status: ContactStatus['status'];
  /** In microseconds; 0 when not measured. */
  readonly roundtrip: number;
}

export interface QualifyParts {
  readonly objects: Pick<PjsipObjects, 'aors' | 'global'>;
  readonly contacts: (aor: string) => readonly Located[];
  /** Answers challenges in the name of the endpoint whose address of record it is, if `authenticates`. */
  readonly send: (aor: string, request: OutgoingRequest, authenticates: boolean) => ClientTransaction;
  /** Told when a contact is found to be in another state than before. */
  readonly onChange: (aor: string, contact: Located, state: ContactState) => void;
  readonly clock: Clock;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** Microseconds since any moment. */
  readonly micros: () => number;
  /** How many may be asked at once, 500 if left out; the others wait, at most all contacts. */
  readonly limit?: number;
}

interface Entry {
  readonly aor: string;
  contact: Located;
  state: ContactState;
  /** How often it was asked: only the last answer counts. */
  asked: number;
}

const UNQUALIFIED: ContactState = { status: 'NonQualified', roundtrip: 0 };
const UNKNOWN: ContactState = { status: 'Unknown', roundtrip: 0 };
const LIMIT = 500;

export class Qualify {
  readonly #parts: QualifyParts;
  readonly #limit: number;
  readonly #entries = new Map<string, Entry>();
  readonly #deadlines = new Deadlines();
  #underWay = 0;
  #isClosed = false;
  #disarm: () => void = () => undefined;

  constructor(parts: QualifyParts) {
    this.#parts = parts;
    this.#limit = parts.limit ?? LIMIT;
  }

  /** Takes up everything that is there at the start. */
  open(): void {
    const { objects, contacts, random } = this.#parts;
    const cap = objects.global.max_initial_qualify_time;
    for (const aor of objects.aors.values()) {
      if (aor.qualify_frequency === 0) continue;
      const within = cap > 0 ? Math.min(cap, aor.qualify_frequency) : aor.qualify_frequency;
      for (const contact of contacts(aor.id)) this.#follow(aor.id, contact, random() * within * 1000);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#disarm();
  }

  /** A contact came, or came again: then it is asked at once if it did not answer, or is reached in another way. */
  came(aor: string, contact: Located): void {
    if (this.#frequencyOf(aor) === 0) return;
    const key = keyOf(aor, contact);
    const known = this.#entries.get(key);
    if (known === undefined) return this.#follow(aor, contact, 0);
    const isWhereItWas = towards(known.contact).nextHop === towards(contact).nextHop;
    known.contact = contact;
    if (known.state.status === 'Reachable' && isWhereItWas) return;
    this.#deadlines.set(key, this.#parts.clock.now());
    this.#arm();
  }

  went(aor: string, contact: Located): void {
    const key = keyOf(aor, contact);
    this.#entries.delete(key);
    this.#deadlines.delete(key);
  }

  /** The address of record was configured anew, or is no longer: its contacts are asked at once, or no more. */
  aorChanged(aor: string): void {
    const contacts = this.#parts.contacts(aor);
    const now = new Set(contacts.map((contact) => keyOf(aor, contact)));
    for (const [key, entry] of this.#entries)
      if (entry.aor === aor && (!now.has(key) || this.#frequencyOf(aor) === 0)) this.went(aor, entry.contact);
    for (const contact of contacts) {
      this.came(aor, contact);
      if (this.#entries.has(keyOf(aor, contact))) this.#deadlines.set(keyOf(aor, contact), this.#parts.clock.now());
    }
    this.#arm();
  }

  stateOf(aor: string, contact: Pick<Located, 'id'>): ContactState {
    return this.#entries.get(keyOf(aor, contact))?.state ?? UNQUALIFIED;
  }

  /** An address of record that is not qualified is available with any contact, else with one that answers. */
  isAvailable(aor: string): boolean {
    const contacts = this.#parts.contacts(aor);
    if (this.#frequencyOf(aor) === 0) return contacts.length > 0;
    return contacts.some((contact) => this.stateOf(aor, contact).status === 'Reachable');
  }

  get metrics(): { readonly contacts: number; readonly underWay: number; readonly limit: number } {
    return { contacts: this.#entries.size, underWay: this.#underWay, limit: this.#limit };
  }

  #frequencyOf(aor: string): number {
    return this.#parts.objects.aors.get(aor)?.qualify_frequency ?? 0;
  }

  #follow(aor: string, contact: Located, wait: number): void {
    const key = keyOf(aor, contact);
    this.#entries.set(key, { aor, contact, state: UNKNOWN, asked: 0 });
    this.#deadlines.set(key, this.#parts.clock.now() + wait);
    this.#arm();
  }

  #arm(): void {
    this.#disarm();
    if (this.#isClosed || this.#underWay >= this.#limit || this.#deadlines.size === 0) return;
    const wait = Math.max(this.#deadlines.next - this.#parts.clock.now(), 0);
    this.#disarm = this.#parts.clock.after(wait, () => this.#askDue());
  }

  #askDue(): void {
    for (const key of this.#deadlines.take(this.#parts.clock.now(), this.#limit - this.#underWay)) {
      const entry = this.#entries.get(key);
      const aor = this.#parts.objects.aors.get(entry?.aor ?? '');
      if (entry !== undefined && aor !== undefined) void this.#ask(key, entry, aor);
    }
    this.#arm();
  }

  async #ask(key: string, entry: Entry, aor: AorObject): Promise<void> {
    const { clock, onChange } = this.#parts;
    const startedAt = clock.now();
    const asked = (entry.asked += 1);
    this.#underWay += 1;
    const state = await this.#outcome(entry, aor);
    this.#underWay -= 1;
    // It may have gone meanwhile, be another by that name, or have been asked again.
    if (!this.#isClosed && this.#entries.get(key) === entry && entry.asked === asked) {
      const { status } = entry.state;
      entry.state = state;
      if (status !== state.status) onChange(entry.aor, entry.contact, state);
      this.#deadlines.set(key, Math.max(startedAt + this.#frequencyOf(aor.id) * 1000, clock.now()));
    }
    this.#arm();
  }

  #outcome({ contact }: Entry, aor: AorObject): Promise<ContactState> {
    const { send, clock, micros } = this.#parts;
    const { uri = contact.uri, ...way } = towards(contact);
    const started = micros();
    const transaction = send(aor.id, { method: 'OPTIONS', uri, ...way }, aor.authenticate_qualify);
    const unreachable: ContactState = { status: 'Unreachable', roundtrip: 0 };
    return new Promise((resolve, reject) => {
      const disarm = clock.after(aor.qualify_timeout * 1000, () => resolve(unreachable));
      transaction.final
        .finally(disarm)
        .then((response) => {
          const roundtrip = Math.max(Math.round(micros() - started), 1);
          resolve(isAnswer(response, aor) ? { status: 'Reachable', roundtrip } : unreachable);
        })
        .catch((error: unknown) => (error instanceof Fault ? resolve(unreachable) : reject(error)));
    });
  }
}

/** What the stack made up itself shows that nobody answered. */
const isAnswer = ({ status, source }: SipResponse, { qualify_2xx_only: isStrict }: AorObject): boolean =>
  source !== undefined && (!isStrict || (status >= 200 && status < 300));

const keyOf = (aor: string, { id }: Pick<Located, 'id'>): string => `${aor}:${id}`;
