// The messages of one sender to one recipient, in their order: what is known of them while they wait to be sent.
import type { EndpointId } from '../ids.ts';
import type { MessageEntry } from './message-book.ts';

/** The messages of one sender to one recipient: the first goes first. */
export interface Lane {
  readonly key: string;
  readonly to: string;
  readonly endpoint: EndpointId;
  readonly ids: string[];
  /** How many of these are over already: what is long is not moved up for each. */
  passed: number;
  state: 'ready' | 'busy' | 'waiting';
  /** Attempts in a row that came to nothing. */
  failures: number;
  /** The far end has named this time, in milliseconds since 1970. */
  notBefore: number;
  /** What has come back is not tried again before, in milliseconds since 1970, unless there is news. */
  restUntil: number;
  /** There was news while an attempt was under way. */
  isWoken: boolean;
  callOff: () => void;
}

type Which = Pick<MessageEntry, 'from' | 'to'>;

const keyOf = ({ from, to }: Which): string => `${from}\0${to}`;

/** All of them: by sender and recipient, and by the endpoint of the recipient. */
export class Lanes {
  readonly #all = new Map<string, Lane>();
  readonly #byEndpoint = new Map<EndpointId, Set<Lane>>();

  get(which: Which): Lane | undefined {
    return this.#all.get(keyOf(which));
  }

  all(): IterableIterator<Lane> {
    return this.#all.values();
  }

  of(endpoint: EndpointId): Iterable<Lane> {
    return this.#byEndpoint.get(endpoint) ?? [];
  }

  /** A new one, for its first message. */
  open(entry: MessageEntry): Lane {
    const { id, to, endpoint } = entry;
    const times = { failures: 0, notBefore: 0, restUntil: 0 };
    const lane: Lane = {
      ...{ key: keyOf(entry), to, endpoint, ids: [id], passed: 0 },
      ...{ state: 'ready', ...times, isWoken: false, callOff: () => {} },
    };
    this.#all.set(lane.key, lane);
    const lanes = this.#byEndpoint.get(endpoint) ?? new Set();
    this.#byEndpoint.set(endpoint, lanes.add(lane));
    return lane;
  }

  close(lane: Lane): void {
    this.#all.delete(lane.key);
    const lanes = this.#byEndpoint.get(lane.endpoint);
    lanes?.delete(lane);
    if (lanes?.size === 0) this.#byEndpoint.delete(lane.endpoint);
  }
}

/** In the order of the ids, which is that of the messages; but what is on the wire stays the first. */
export function enqueue(lane: Lane, id: string): void {
  const { ids, state, passed } = lane;
  const first = state === 'busy' ? passed + 1 : passed;
  const at = ids.findLastIndex((each, index) => index < first || each < id) + 1;
  if (at === ids.length) ids.push(id);
  else ids.splice(at, 0, id);
}

export const firstOf = ({ ids, passed }: Lane): string | undefined => ids[passed];

/** The first is over. */
export function passFirst(lane: Lane): void {
  const { ids } = lane;
  lane.passed += 1;
  if (lane.passed < ids.length && lane.passed < PASSED) return;
  ids.splice(0, lane.passed);
  lane.passed = 0;
}

const PASSED = 1_000;

/** Milliseconds until the next attempt: the first, doubled with each, and the most. */
const BACK_OFF = { first: 1_000, most: 300_000 };

export const backOff = (failures: number): number =>
  Math.min(BACK_OFF.first * 2 ** Math.max(failures, 0), BACK_OFF.most);
