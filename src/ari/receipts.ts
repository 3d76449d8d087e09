// How far the peer of a WebSocket that we opened has certainly received, without acknowledging anything.
//
// Whoever answers a ping has received all that was sent before it (RFC 6455, section 5.5.3).
import type { WebSocket } from '@fastify/websocket';
import type { Follower } from './follower.ts';

/** How often, in milliseconds, the peer is asked at most while events are sent. */
const INTERVAL = 100;

export class Receipts {
  readonly #socket: WebSocket;
  readonly #followers: () => readonly Follower[];
  /** The ping that it has not answered yet, and how far it has received when it does. */
  #asked: { readonly mark: string; readonly positions: readonly string[] } | undefined;
  #asks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, followers: () => readonly Follower[]) {
    this.#socket = socket;
    this.#followers = followers;
    socket.on('pong', (data) => this.#answered(data.toString()));
  }

  /** An event is on its way. */
  sent(): void {
    if (this.#asked === undefined) this.#timer ??= setTimeout(() => this.ask(), INTERVAL);
  }

  ask(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#asked = { mark: String(++this.#asks), positions: this.#positions };
    this.#socket.ping(this.#asked.mark);
  }

  /** Whoever answers our goodbye has received what was before it, too. */
  close(isAnswered: boolean): void {
    clearTimeout(this.#timer);
    if (isAnswered) this.#received(this.#positions);
  }

  #answered(mark: string): void {
    if (mark !== this.#asked?.mark) return;
    const { positions } = this.#asked;
    this.#asked = undefined;
    this.#received(positions);
    if (this.#positions.some((each, index) => each !== positions[index])) this.sent();
  }

  #received(positions: readonly string[]): void {
    for (const [index, follower] of this.#followers().entries()) follower.received(positions[index] ?? '');
  }

  get #positions(): string[] {
    return this.#followers().map(({ position }) => position);
  }
}
