// Where octets go: one remote place, reached by one transport.

/** Secure WebSocket is "wss", here and in what applications are told; a Via says WSS for it (RFC 7118 5.2). */
export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export interface Place {
  /** An IP address, without brackets. */
  readonly address: string;
  readonly port: number;
}

/** Towards one remote place. A UDP flow is a socket and an address; any other is one connection. */
export interface Flow {
  readonly protocol: Protocol;
  /** What goes into our Via and Contact. */
  readonly local: Place;
  readonly remote: Place;
  readonly isOpen: boolean;
  /** A connection of ours that the other side has not taken yet. */
  readonly isConnecting?: boolean;
  /** Never calls `failed` before it returns. */
  send(octets: Buffer, failed?: (reason: string) => void): void;
  /** Reads nothing for that many ms; a UDP flow cannot. */
  pause?(ms: number): void;
  /** Runs `closed` once when the connection ends; a UDP flow never does. Returns how to take that back. */
  onClose(closed: () => void): () => void;
}

/** What a URI calls it: RFC 7118 5.2 has one name for both WebSockets. */
export const uriTransport = ({ protocol }: { readonly protocol: Protocol }): string =>
  protocol === 'wss' ? 'ws' : protocol;

/** RFC 3261 18: nothing needs to be sent twice. */
export const isReliable = ({ protocol }: { readonly protocol: Protocol }): boolean => protocol !== 'udp';

/** What the transports hand upwards: one message with all its octets, possibly malformed. */
export type Receiver = (octets: Buffer, flow: Flow) => void;
