// How a text message is laid out in the store: what it says, and behind it what has become of it.
import { Fault } from '../errors.ts';
import { changed, type MessageSnapshot } from './message.ts';
import type { Store, StoreWrite } from './store.ts';

/** One message as it is written. */
export interface MessageRecord {
  readonly message: MessageSnapshot;
  /** Two messages with the same key are one. */
  readonly key?: string;
}

export const recordOf = (message: MessageSnapshot, key: string | undefined): MessageRecord =>
  key === undefined ? { message } : { message, key };

/** Before the id: `{ "v": 1, "message": MessageSnapshot, "key"?: text }`. */
const PREFIX = 'message:';
const MESSAGE_VERSION = 1;
/**
 * Behind the id: `{ "v": 2, "state": …, "changedAt": … }`, what of the snapshot changes. It stands by itself, since it is written
 * for every message, and is a tenth of it; and right behind its message in the order of the keys.
 */
const STATE = ':state';
const STATE_VERSION = 2;

export const messageWrite = ({ message, key }: MessageRecord): StoreWrite => ({
  kind: 'put',
  key: PREFIX + message.id,
  value: JSON.stringify({ v: MESSAGE_VERSION, message, key }),
});

/** Of one that was written whole before. */
export function stateWrite({ message }: MessageRecord): StoreWrite {
  const { id, state, attempts, changedAt, status, reason, contact } = message;
  const value = JSON.stringify({ v: STATE_VERSION, state, attempts, changedAt, status, reason, contact });
  return { kind: 'put', key: PREFIX + id + STATE, value };
}

/** Of all that was written of a message. */
export const messageDeletes = (id: string): StoreWrite[] => [
  { kind: 'delete', key: PREFIX + id },
  { kind: 'delete', key: PREFIX + id + STATE },
];

/** Nothing when there is none. Fails as `readRecords`. */
export async function readRecord(store: Store, id: string): Promise<MessageRecord | undefined> {
  const key = PREFIX + id;
  const [text, state] = await Promise.all([store.get(key), store.get(key + STATE)]);
  if (text === undefined) return undefined;
  const record = parseMessage(key, text);
  return state === undefined ? record : withState(record, key + STATE, state);
}

/** In the order of their ids. Fails with a Fault 'unsupported' when a later version wrote them, 'unavailable' when one is damaged. */
export async function* readRecords(store: Store): AsyncGenerator<MessageRecord> {
  let latest: MessageRecord | undefined;
  for await (const [key, text] of store.range(PREFIX)) {
    if (!key.endsWith(STATE)) {
      if (latest !== undefined) yield latest;
      latest = parseMessage(key, text);
    } else if (latest !== undefined && key === PREFIX + latest.message.id + STATE)
      latest = withState(latest, key, text);
  }
  if (latest !== undefined) yield latest;
}

function parseMessage(key: string, text: string): MessageRecord {
  const { message, key: made } = parse(key, text, MESSAGE_VERSION) as Partial<MessageRecord>;
  if (message === undefined) throw damaged(key);
  return recordOf(message, made);
}

function withState({ message, key: made }: MessageRecord, key: string, text: string): MessageRecord {
  const { changedAt, ...changes } = parse(key, text, STATE_VERSION) as unknown as MessageSnapshot;
  return recordOf(changed(message, changes, changedAt), made);
}

function parse(key: string, text: string, version: number): Readonly<Record<string, unknown>> {
  let found: Readonly<Record<string, unknown>>;
  try {
    found = JSON.parse(text) as typeof found;
  } catch (cause) {
    throw damaged(key, cause);
  }
  if (found['v'] === version) return found;
  throw new Fault(
    'unsupported',
    `${key} in the store has format ${String(found['v'])}, and only format ${version} can be read`,
    { code: 'message-format' },
  );
}

const damaged = (key: string, cause?: unknown): Fault =>
  new Fault('unavailable', `${key} in the store is damaged`, { cause, code: 'store-corrupt' });
