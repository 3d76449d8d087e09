// Asks the SIP server again and again whether it is there, and cuts a connection on which it says nothing.
import type { Socket } from 'node:net';
import type { SrfAgent } from './srf.ts';

export interface HeartbeatOptions {
  readonly agent: SrfAgent;
  /** Milliseconds between two questions, within which something is to be heard. */
  readonly interval: number;
  /** Whether the server has let us in, so that it can be asked. */
  readonly isUp: () => boolean;
  /** Told before the connection is cut; srf then makes another. */
  readonly onSilence: () => void;
}

/**
 * A server that is gone, frozen, or out of reach without anyone having said so is noticed within two intervals; also one
 * that does not accept the connection, or does not let us in. Whatever it says will do: under load an answer may have to
 * wait behind much else.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #timer: NodeJS.Timeout;
  #heard: { readonly socket: Socket; readonly octets: number } | undefined;
  #last = performance.now();

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#beat(), options.interval);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const { agent, interval, isUp, onSilence } = this.#options;
    const now = performance.now();
    // When it was this process that stood still, an answer may lie unread.
    const wasAway = now - this.#last > 1.5 * interval;
    this.#last = now;
    if (wasAway) return;
    const [connected] = agent.mapServer.keys();
    const socket = connected ?? (agent.wp.socket?.connecting === true ? agent.wp.socket : undefined);
    if (socket === undefined) return;
    if (this.#heard?.socket === socket && this.#heard.octets === socket.bytesRead) {
      onSilence();
      socket.destroy();
      return;
    }
    this.#heard = { socket, octets: socket.bytesRead };
    if (isUp()) agent.mapServer.get(socket)?.pendingRequests.set(agent.wp.send(socket, 'ping'), () => undefined);
  }
}
