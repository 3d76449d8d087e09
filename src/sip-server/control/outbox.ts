// What goes to one application: the frames of one turn of the event loop are written together, in their order. Under load a write
// for each frame costs more than all else that a message needs.
import type { Socket } from 'node:net';
import { writeFrame } from './frames.ts';

/** Octets that are gathered before they are written within the turn. */
const mostRoom = 65_536;
const leastRoom = 2_048;

export class Outbox {
  readonly #socket: Socket;
  #room = Buffer.allocUnsafeSlow(0);
  #used = 0;
  #turnEnd: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Octets that the other side has not taken yet. */
  get waiting(): number {
    return this.#used + this.#socket.writableLength;
  }

  /** `leader` holds one character per octet. What nobody waits for goes with what comes next, or after a millisecond. */
  add(leader: string, message: Buffer | undefined, isUrgent: boolean): void {
    const head =
      message === undefined ? `${leader.length}#${leader}` : `${leader.length + 2 + message.length}#${leader}\r\n`;
    const length = head.length + (message?.length ?? 0);
    if (this.#used + length > this.#room.length && !this.#makeRoom(length)) {
      if (this.#socket.writable) this.#socket.write(writeFrame([leader], message));
      return;
    }
    this.#room.write(head, this.#used, 'latin1');
    if (message !== undefined) this.#room.set(message, this.#used + head.length);
    this.#used += length;
    if (isUrgent) this.#turnEnd ??= setImmediate(() => this.flush());
    else this.#later ??= setTimeout(() => this.#flushLate(), 1);
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#turnEnd !== undefined) clearImmediate(this.#turnEnd);
    this.#turnEnd = undefined;
    if (this.#used === 0) return;
    const octets = this.#room.subarray(0, this.#used);
    this.#used = 0;
    if (!this.#socket.writable) return;
    this.#socket.write(octets);
    // The system has not taken all of it: the room belongs to the socket now.
    if (this.#socket.writableLength > 0) this.#room = Buffer.allocUnsafeSlow(0);
  }

  #flushLate(): void {
    this.#later = undefined;
    this.flush();
  }

  /** False for a frame that is too large to be gathered; what came before it has been written then. */
  #makeRoom(length: number): boolean {
    const needed = this.#used + length;
    if (needed > mostRoom) this.flush();
    if (length > mostRoom) return false;
    if (this.#used + length <= this.#room.length) return true;
    const room = Buffer.allocUnsafeSlow(Math.min(mostRoom, Math.max(leastRoom, 2 * needed)));
    room.set(this.#room.subarray(0, this.#used));
    this.#room = room;
    return true;
  }
}
