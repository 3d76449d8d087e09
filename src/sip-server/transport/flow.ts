// Where octets go: one remote place, reached by one transport.

export type Protocol = 'udp' | 'tcp';

export interface Place {
  /** An IP address, without brackets. */
  readonly address: string;
  readonly port: number;
}

/** Towards one remote place. A TCP flow is one connection; a UDP flow is a socket and an address. */
export interface Flow {
  readonly protocol: Protocol;
  /** What goes into our Via and Contact. */
  readonly local: Place;
  readonly remote: Place;
  readonly isOpen: boolean;
  /** Never calls `failed` before it returns. */
  send(octets: Buffer, failed?: (reason: string) => void): void;
  /** Runs `closed` once when the connection ends; a UDP flow never does. Returns how to take that back. */
  onClose(closed: () => void): () => void;
}

/** RFC 3261 18: nothing needs to be sent twice. */
export const isReliable = ({ protocol }: { readonly protocol: Protocol }): boolean => protocol !== 'udp';

/** What the transports hand upwards: one message with all its octets, possibly malformed. */
export type Receiver = (octets: Buffer, flow: Flow) => void;
