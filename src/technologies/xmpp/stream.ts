// The port to one stream of XMPP (RFC 6120): what this room needs of whoever connects, authenticates and reads XML.
import type { XmlElement } from './xml.ts';

/** Why something that came was not read: each is counted. */
export type StreamRefusal = 'too-large' | 'too-deep' | 'malformed';

export interface StreamHandler {
  /**
   * A stanza has come: message, presence or iq. Where the server counts what was handled (XEP-0198), it is told of this one
   * when the promise resolves, and in the order in which they came. Does not fail.
   */
  stanza(stanza: XmlElement): Promise<void>;
  /** A stanza has come that is too large or too deep: only what its outermost tag says was read. */
  refused(head: XmlElement, reason: Extract<StreamRefusal, 'too-large' | 'too-deep'>): void;
  /** The connection has ended, and not by `close`. */
  closed(reason: string): void;
}

export interface StreamOpened {
  /** Who we are on this stream: of a client the full JID, of a component its domain. */
  readonly jid: string;
  /** The session of before goes on (XEP-0198): nothing that was sent in it is lost. */
  readonly resumed: boolean;
  /** Whether this session may go on when its connection has ended. */
  readonly isResumable: boolean;
}

/** One that can be opened again after it has ended. */
export interface XmppStream {
  /**
   * Connects, authenticates and negotiates. `resume`: the session of before may go on; otherwise it is forgotten, and what
   * the server has not acknowledged will not be sent again. Fails with a Fault: 'unauthorized' when the server does not
   * take the credentials, 'unavailable' otherwise.
   */
  open(handler: StreamHandler, resume: boolean): Promise<StreamOpened>;
  /** Resolves when it was written. Fails with a Fault: 'unavailable' when it could not be, 'invalid' when XML cannot say it. */
  send(stanza: XmlElement): Promise<void>;
  /** Ends it, or the attempt to open it. `gracefully`: the server is told that nothing goes on. */
  close(gracefully: boolean): Promise<void>;
  /** What was not read. */
  readonly refusals: Readonly<Record<StreamRefusal, number>>;
}

/** How a stream is made: a component of a server (XEP-0114), or an account at one. */
export type StreamOptions = {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, by STARTTLS, or none. */
  readonly tls: 'direct' | 'starttls' | 'none';
  /** Certificates of authorities in PEM, instead of those that everybody trusts. */
  readonly ca?: string;
  readonly secret: string;
  /** The largest stanza, in bytes. */
  readonly maxStanza: number;
} & (
  | { readonly kind: 'component'; readonly domain: string }
  | { readonly kind: 'client'; readonly user: string; readonly domain: string; readonly resource: string }
);

export type MakeStream = (options: StreamOptions) => XmppStream;
