// What a telephone is told when it is made, and when it sends something.
import type { SipLine } from './sip-text.ts';
import type { HostPort, LogEntry, Transport } from './wire.ts';

export interface TelephoneOptions {
  readonly user: string;
  readonly password?: string;
  readonly server: HostPort;
  readonly transport?: Transport;
  /** As in `WireOptions`. */
  readonly ca?: string;
  /** The host part of its own address; the server's host unless told otherwise. */
  readonly domain?: string;
  /** The session description of its own; one audio stream unless told otherwise. */
  readonly description?: string;
  /** Milliseconds that any wait may take: 10 000 unless told otherwise. */
  readonly deadline?: number;
  /** Told of each message as it leaves or arrives. */
  readonly onLog?: (entry: LogEntry) => void;
}

export interface RequestParts {
  readonly method: string;
  /** A user of the own domain, or a URI. */
  readonly to: string;
  /** The Request-URI, if it is not the one of `to`. */
  readonly uri?: string;
  /** A header that the telephone would write itself is then written as given here instead. */
  readonly headers?: readonly SipLine[];
  readonly body?: string;
  /** False: a challenge is not answered, but returned. */
  readonly authenticates?: boolean;
}

export interface MessageParts {
  readonly to: string;
  readonly body: string;
  /** "text/plain" unless told otherwise. */
  readonly contentType?: string;
  readonly headers?: readonly SipLine[];
}

export interface CallParts {
  readonly to: string;
  /** The offer; with `withoutSdp` the answer that the ACK carries. One audio stream unless told otherwise. */
  readonly sdp?: string;
  readonly withoutSdp?: boolean;
  readonly headers?: readonly SipLine[];
}
