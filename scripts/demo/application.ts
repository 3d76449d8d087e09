// An application as a client sees it: a WebSocket that keeps its events, and REST beside it.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';

export type AriEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  /** Parsed, if it was JSON; undefined if there was none. */
  readonly body: unknown;
  readonly headers: Headers;
}

export interface RestClient {
  (method: string, path: string, query?: Readonly<Record<string, string>>, body?: unknown): Promise<Answer>;
}

/** `base` is "http://127.0.0.1:8088/ari", `user` its name and password: "ari:ari". */
export const restClient =
  (base: string, user = 'ari:ari'): RestClient =>
  async (method, path, query = {}, body = undefined) => {
    const url = new URL(`${base}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(user).toString('base64')}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text), headers: answer.headers };
  };

export interface AriApp {
  readonly name: string;
  readonly socket: WebSocket;
  /** Everything received so far. */
  readonly events: readonly AriEvent[];
  /** Waits for the first event not yet taken by `next` that is of this type (and is wanted). */
  next(type: string, wanted?: (event: AriEvent) => boolean): Promise<AriEvent>;
  /** All events that were sent up to now, and forgets them. */
  take(): Promise<AriEvent[]>;
  close(): Promise<void>;
}

const DEADLINE = 10_000;

/** Connects. `base` is "http://127.0.0.1:8088/ari". */
export async function connectApp(
  base: string,
  name: string,
  { subscribeAll = false, extensions = false, user = 'ari:ari', since = '', onEvent = (_: AriEvent): void => {} } = {},
): Promise<AriApp> {
  const query = new URLSearchParams({
    ...{ app: name, api_key: user },
    ...(subscribeAll && { subscribeAll: 'true' }),
    ...(extensions && { extensions: 'true' }),
    ...(since !== '' && { since }),
  });
  const socket = new WebSocket(`${base.replace('http', 'ws')}/events?${query}`);
  const events: AriEvent[] = [];
  let taken = 0;
  const waiting = new Set<() => void>();
  socket.on('message', (data: Buffer) => {
    const event = JSON.parse(data.toString()) as AriEvent;
    events.push(event);
    onEvent(event);
    for (const look of [...waiting]) look();
  });
  await once(socket, 'open'); // or fails with the error of the upgrade

  /** The index of an event, as soon as there is one. */
  const index = (from: () => number, wanted: (event: AriEvent) => boolean, what: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        const seen = events
          .slice(from())
          .map(({ type }) => type)
          .join(' ');
        reject(new Error(`${name} waited for ${what}, and saw: ${seen}`));
      }, DEADLINE);
      const look = (): void => {
        const found = events.findIndex((event, at) => at >= from() && wanted(event));
        if (found === -1) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });

  const rest = restClient(base, user);
  return {
    name,
    socket,
    events,
    async next(type, wanted = () => true) {
      const found = await index(
        () => taken,
        (event) => event.type === type && wanted(event),
        type,
      );
      taken = found + 1;
      return events[found]!;
    },
    async take() {
      // What is told to the application comes in order: when the fence is seen, everything before it has come.
      // Who resumes may be told of the fences of the one before.
      const fence = `fence-${randomUUID()}`;
      await rest('POST', `/events/user/${fence}`, { application: name });
      const found = await index(
        () => 0,
        (event) =>
          event['eventname'] === fence || (event['userevent'] as AriEvent | undefined)?.['eventname'] === fence,
        fence,
      );
      const before = events.splice(0, found + 1).slice(0, -1);
      taken = 0;
      return before;
    },
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await once(socket, 'close');
    },
  };
}
