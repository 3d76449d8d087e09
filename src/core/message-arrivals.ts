// Messages that have come, on their way to the applications: in order for each endpoint, kept until somebody hears them.
import { Fault } from '../errors.ts';
import { parseEndpointId, type EndpointId } from '../ids.ts';
import type { Applications } from './applications.ts';
import type { Clock } from './clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { Endpoints } from './endpoints.ts';
import { isFinal, PATIENCE, type MessageBook } from './message-book.ts';
import { recordOf, type MessageRecord } from './message-record.ts';
import { changed, type MessageSnapshot } from './message.ts';

export interface ArrivalParts {
  readonly book: () => MessageBook;
  readonly applications: Pick<Applications, 'hearsTexts' | 'settled'>;
  readonly endpoints: Pick<Endpoints, 'find'>;
  readonly clock: Clock;
  /** Tells a new state of a message. */
  readonly tell: (message: MessageSnapshot) => void;
  readonly onError: (error: unknown) => void;
}

/** How many are told before it is written down that they were. */
const BATCH = 256;

export class Arrivals {
  readonly #parts: ArrivalParts;
  /** By endpoint: the ids of those that wait, and whether some are being told. */
  readonly #lanes = new Map<EndpointId, { readonly waiting: string[]; isBusy: boolean }>();
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

  push(id: string, endpoint: EndpointId): void {
    const lane = this.#lanes.get(endpoint);
    if (lane === undefined) this.#lanes.set(endpoint, { waiting: [id], isBusy: false });
    else lane.waiting.push(id);
    if (lane?.isBusy !== true) this.#tellAll(endpoint);
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
        () => true,
        (error: unknown) => {
          this.#parts.onError(error);
          return false;
        },
      )
      .then((isWell) => {
        lane.isBusy = false;
        if (lane.waiting.length === 0) this.#lanes.delete(endpoint);
        // Whoever came to hear meanwhile found the lane busy.
        else if (isWell && this.#hearing(endpoint) !== undefined) this.#tellAll(endpoint);
      });
  }

  /** It is delivered when it stands in the journals of those who hear it. Until then the next process tells it again. */
  async #drain(id: EndpointId, waiting: string[]): Promise<void> {
    for (;;) {
      const told = await this.#tellSome(id, waiting);
      if (told.length === 0) return;
      try {
        await this.#parts.applications.settled();
      } catch (error) {
        // Where nobody could write them down they are told again, with the next that comes or to the next who listens.
        waiting.unshift(...told.map(({ message }) => message.id));
        throw error;
      }
      // The next are told while that is written down.
      this.#delivered(told).catch(this.#parts.onError);
    }
  }

  /** As many as there are and somebody hears, up to a batch. */
  async #tellSome(id: EndpointId, waiting: string[]): Promise<MessageRecord[]> {
    const told: MessageRecord[] = [];
    let endpoint = this.#hearing(id);
    let passed = 0;
    while (passed < waiting.length && told.length < BATCH && this.#isOpen && endpoint !== undefined) {
      const message = waiting[passed]!;
      const known = this.#parts.book().recall(message);
      const record = known ?? (await this.#parts.book().read(message).catch(missing));
      // While it was read, whoever heard may have gone.
      if (known === undefined) endpoint = this.#hearing(id);
      if (endpoint === undefined) break;
      passed += 1;
      const entry = this.#parts.book().find(message);
      if (record === undefined || entry === undefined || isFinal(entry.state)) continue;
      endpoint.textReceived(record.message.text);
      told.push(record);
    }
    waiting.splice(0, passed);
    return told;
  }

  async #delivered(told: readonly MessageRecord[]): Promise<void> {
    const changedAt = this.#parts.clock.now();
    const book = this.#parts.book();
    const now = told
      .map(({ message, key }) => recordOf(changed(message, { state: 'delivered' }, changedAt), key))
      .filter((each) => book.note(each));
    // What the journals hold is not recorded twice, whenever this process ends.
    await book.keep(now, PATIENCE).catch(this.#parts.onError);
    for (const { message } of now) this.#parts.tell(message);
  }
}

/** It was forgotten meanwhile. */
function missing(error: unknown): undefined {
  if (!(error instanceof Fault) || error.kind !== 'not-found') throw error;
  return undefined;
}
