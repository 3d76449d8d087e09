// One UDP socket.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Metrics } from '../metrics.ts';
import type { Reporter } from '../reporter.ts';
import type { Flow, Place, Receiver } from './flow.ts';
import { answerStun, isStun } from './stun.ts';

export interface UdpParts {
  readonly backlog: number;
  readonly metrics: Metrics;
  readonly reporter: Reporter;
  /** Our address as that remote place sees it. */
  readonly localTowards: (bound: Place, remote: string) => Place;
  readonly receive: Receiver;
}

/** What we ask of the kernel for bursts; it may give less. */
const receiveBuffer = 4 * 1024 * 1024;

export class UdpTransport {
  readonly protocol = 'udp';
  readonly #parts: UdpParts;
  readonly #socket: Socket;
  #place: Place;
  #state: 'new' | 'open' | 'closed' = 'new';

  constructor({ address, port }: Place, parts: UdpParts) {
    this.#place = { address, port };
    this.#parts = parts;
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    const family = type === 'udp6' ? 6 : 4;
    this.#socket = createSocket({
      type,
      ipv6Only: family === 6,
      recvBufferSize: receiveBuffer,
      // Addresses only: without a look-up a datagram leaves within the call.
      lookup: (remote, _options, found) => found(null, remote, family),
    });
  }

  get place(): Place {
    return this.#place;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(this.#place.port, this.#place.address, () => {
        this.#socket.off('error', reject);
        resolve();
      });
    });
    // An error of one datagram is told to its sender; the socket itself goes on.
    this.#socket.on('error', () => undefined);
    this.#place = { address: this.#place.address, port: this.#socket.address().port };
    this.#state = 'open';
    this.#socket.on('message', (octets, { address, port }) => {
      this.#take(octets, this.flowTo({ address: address.split('%')[0]!, port }));
    });
  }

  stop(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    this.#state = 'closed';
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  flowTo(remote: Place): Flow {
    return new UdpFlow(this, remote);
  }

  #take(octets: Buffer, flow: Flow): void {
    if (isStun(octets)) {
      const answer = answerStun(octets, flow.remote);
      if (answer !== undefined) flow.send(answer);
      return;
    }
    // A datagram without anything else keeps a hole in a NAT open.
    const isEmpty = octets.every((octet) => octet === 13 || octet === 10 || octet === 0);
    if (isEmpty) this.#parts.metrics.drops.keepalive += 1;
    else this.#parts.receive(octets, flow);
  }

  /** Our address as that remote place sees it. */
  localTowards(remote: string): Place {
    return this.#parts.localTowards(this.#place, remote);
  }

  send(octets: Buffer, remote: Place, failed: ((reason: string) => void) | undefined): void {
    const waiting = this.isOpen ? this.#socket.getSendQueueCount() : 0;
    if (!this.isOpen || waiting >= this.#parts.backlog) {
      if (this.isOpen) this.#parts.reporter.report('udp-backlog', `${waiting} datagrams wait`);
      if (failed) queueMicrotask(() => failed('not sent'));
      return;
    }
    // Nothing is made to hear of the outcome unless somebody wants to.
    if (failed === undefined) this.#socket.send(octets, remote.port, remote.address);
    else this.#socket.send(octets, remote.port, remote.address, (error) => error && failed(error.message));
  }
}

/** There may be very many of these: one for each transaction that is remembered. */
class UdpFlow implements Flow {
  readonly protocol = 'udp';
  readonly remote: Place;
  readonly #transport: UdpTransport;

  constructor(transport: UdpTransport, remote: Place) {
    this.#transport = transport;
    this.remote = remote;
  }

  get local(): Place {
    return this.#transport.localTowards(this.remote.address);
  }

  get isOpen(): boolean {
    return this.#transport.isOpen;
  }

  send(octets: Buffer, failed?: (reason: string) => void): void {
    this.#transport.send(octets, this.remote, failed);
  }

  onClose(): () => void {
    return () => undefined;
  }
}
