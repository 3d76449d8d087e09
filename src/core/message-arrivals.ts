// Messages that have come, on their way to the applications: in order for each endpoint, kept until somebody hears them.
import { Fault } from '../errors.ts';
import { parseEndpointId, type EndpointId } from '../ids.ts';
import type { Applications } from './applications.ts';
import type { Clock } from './clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { Endpoints } from './endpoints.ts';
import { isFinal, type MessageBook, type MessageRecord } from './message-book.ts';
import type { MessageSnapshot } from './message.ts';

export interface ArrivalParts {
  readonly book: () => MessageBook;
  readonly applications: Pick<Applications, 'hearsTexts' | 'settled'>;
  readonly endpoints: Pick<Endpoints, 'find'>;
  readonly clock: Clock;
  /** Tells a new state of a message. */
  readonly tell: (message: MessageSnapshot) => void;
  readonly onError: (error: unknown) => void;
}

interface Waiting {
  readonly id: string;
  /** What it says, unless it would have to wait with it. */
  readonly record: MessageRecord | undefined;
}

/** How many are told before it is written down that they were. */
const BATCH = 256;

export class Arrivals {
  readonly #parts: ArrivalParts;
  /** By endpoint. */
  readonly #lanes = new Map<EndpointId, { readonly waiting: Waiting[]; isBusy: boolean }>();
  #isOpen = false;

  constructor(parts: ArrivalParts) {
    this.#parts = parts;
  }

  /** From now on messages are told. */
  open(): void {
    this.#isOpen = true;
    this.hearersChanged();
  }

  stop(): void {
    this.#isOpen = false;
  }

  push(id: string, endpoint: EndpointId, record?: MessageRecord): void {
    const lane = this.#lanes.get(endpoint) ?? { waiting: [], isBusy: false };
    this.#lanes.set(endpoint, lane);
    lane.waiting.push({ id, record: this.#hearing(endpoint) === undefined ? undefined : record });
    this.#tellAll(endpoint);
  }

  /** Somebody may hear now what nobody heard before. */
  hearersChanged(): void {
    for (const endpoint of [...this.#lanes.keys()]) this.#tellAll(endpoint);
  }

  #hearing(id: EndpointId): Endpoint | undefined {
    const key = parseEndpointId(id);
    const endpoint = key && this.#parts.endpoints.find(key);
    return endpoint && this.#parts.applications.hearsTexts(endpoint.snapshot) ? endpoint : undefined;
  }

  #tellAll(endpoint: EndpointId): void {
    const lane = this.#lanes.get(endpoint);
    if (lane === undefined || lane.isBusy || !this.#isOpen) return;
    lane.isBusy = true;
    void this.#drain(endpoint, lane.waiting)
      .then(
        () => lane.waiting.length > 0 && this.#hearing(endpoint) !== undefined,
        (error: unknown) => {
          this.#parts.onError(error);
          return false;
        },
      )
      .then((isMore) => {
        lane.isBusy = false;
        if (lane.waiting.length === 0) this.#lanes.delete(endpoint);
        else if (isMore) this.#tellAll(endpoint);
      });
  }

  /** It is delivered when it stands in the journals of those who hear it. Until then the next process tells it again. */
  async #drain(id: EndpointId, waiting: Waiting[]): Promise<void> {
    for (;;) {
      const told = await this.#tellSome(id, waiting);
      if (told.length === 0) return;
      try {
        await this.#parts.applications.settled();
      } catch (error) {
        // Where nobody could write them down they are told again, with the next that comes or to the next who listens.
        waiting.unshift(...told.map((record) => ({ id: record.message.id, record: undefined })));
        throw error;
      }
      await Promise.all(told.map((record) => this.#delivered(record)));
    }
  }

  /** As many as there are and somebody hears, up to a batch. */
  async #tellSome(id: EndpointId, waiting: Waiting[]): Promise<MessageRecord[]> {
    const told: MessageRecord[] = [];
    while (waiting.length > 0 && told.length < BATCH && this.#isOpen && this.#hearing(id) !== undefined) {
      const { id: message, record: known } = waiting[0]!;
      const record = known ?? (await this.#parts.book().read(message).catch(missing));
      // While it was read, whoever heard may have gone.
      const endpoint = this.#hearing(id);
      if (endpoint === undefined) break;
      waiting.shift();
      const entry = this.#parts.book().find(message);
      if (record === undefined || entry === undefined || isFinal(entry.state)) continue;
      endpoint.textReceived(record.message.text);
      told.push(record);
    }
    return told;
  }

  async #delivered(record: MessageRecord): Promise<void> {
    const changes = { state: 'delivered', changedAt: this.#parts.clock.now() } as const;
    const message: MessageSnapshot = { ...record.message, ...changes };
    const now: MessageRecord = { ...record, message };
    if (!this.#parts.book().note(now)) return;
    await this.#parts.book().keep(now).catch(this.#parts.onError);
    this.#parts.tell(message);
  }
}

/** It was forgotten meanwhile. */
function missing(error: unknown): undefined {
  if (!(error instanceof Fault) || error.kind !== 'not-found') throw error;
  return undefined;
}
