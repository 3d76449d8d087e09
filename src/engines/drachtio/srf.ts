// What this room uses of drachtio-srf, with types: the package's own say little about requests without dialogs.
import type { Socket } from 'node:net';
import Srf from 'drachtio-srf';

/** Where a message went or came from, as told by the server beside it. */
interface SrfMeta {
  readonly source: 'network' | 'application';
  /** Empty when the server made the message itself. */
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly stackDialogId: string | undefined;
}

export interface SrfText {
  /** The message as it was on the wire. srf's own parser joins repeated headers, so it is read again from this. */
  readonly raw: string;
}

export type SrfMessage = SrfText & SrfMeta;

export interface SrfRequest extends SrfMessage {
  readonly method: string;
  /** "address:port", on requests outside of dialogs. */
  readonly receivedOn?: string;
  cancel(options: { readonly headers: Record<string, string> }, callback: (error: unknown) => void): void;
  on(event: 'response', listener: (response: SrfMessage) => void): void;
  on(event: 'cancel', listener: (cancel: SrfText) => void): void;
  on(event: 'update', listener: (request: SrfRequest, answer: SrfAnswer) => void): void;
}

export interface SrfParts {
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** What a request that came is answered by. */
export interface SrfAnswer {
  finished: boolean;
  /** Once it was sent. */
  readonly stackDialogId: string | undefined;
  /** Throws when it does not know the status. */
  send(
    status: number,
    reason: string | undefined,
    parts: SrfParts,
    callback: (error: unknown, sent?: SrfText) => void,
  ): void;
}

export interface SrfRequestOptions extends SrfParts {
  readonly method: string;
  readonly uri: string;
  /** The next hop. */
  readonly proxy: string | undefined;
  readonly stackDialogId: string | undefined;
}

/** Told what the server replies to a frame: its words from the verdict on, and the message below them. */
export type SrfReply = (words?: readonly string[], raw?: string) => void;

type OnFrame = (socket: Socket, frame: string) => void;

/** One level below srf: the connection and its frames. */
export interface SrfAgent {
  /** By the connection: what waits for the server's reply to a frame of that id. */
  readonly mapServer: ReadonlyMap<Socket, { readonly pendingRequests: Map<string, SrfReply> }>;
  readonly wp: {
    closing?: boolean;
    readonly socket?: Socket;
    readonly reconnectVars: { readonly retryTimer: NodeJS.Timeout | null };
    /** Sends a frame, and returns its id. */
    send(socket: Socket, frame: string): string;
    /** Told of each frame that comes. */
    on(event: 'msg', listener: OnFrame): void;
    listeners(event: 'msg'): OnFrame[];
    removeAllListeners(event: 'msg'): void;
  };
  route(word: string): void;
  /** An ACK cannot go through `request`, which would wait for its response for ever. */
  sendAck(
    method: 'ACK',
    dialogId: string,
    request: { readonly uri: string },
    response: { readonly socket: Socket },
    parts: SrfParts,
    callback: (error: unknown, sent?: SrfText) => void,
  ): void;
  on(
    event: 'connect',
    listener: (error: Error | null, advertised?: string, version?: string, local?: string) => void,
  ): void;
  on(event: 'close', listener: () => void): void;
}

export interface SrfClient {
  readonly app: { readonly client: SrfAgent };
  use(handler: (request: SrfRequest, answer: SrfAnswer) => void): void;
  connect(options: {
    readonly host: string;
    readonly port: number;
    readonly secret: string;
    readonly reconnect: { readonly retryMaxDelay: number };
  }): void;
  disconnect(): void;
  /**
   * Only ever with a callback: the promise form loses a response that arrives in the same read as the confirmation,
   * since it attaches its listener too late.
   */
  request(options: SrfRequestOptions, callback: (error: unknown, sent?: SrfRequest) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

export const createSrf = (): SrfClient => new Srf() as unknown as SrfClient;
