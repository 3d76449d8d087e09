// What is used here of @xmpp/client and @xmpp/component, which bring no types of their own.

interface XmppjsElement {
  name: string;
  attrs: Record<string, string | undefined>;
  children: (XmppjsElement | string)[];
  parent: XmppjsElement | null;
  is(name: string, ns?: string): boolean;
  getName(): string;
  getNS(): string | undefined;
  getChild(name: string, ns?: string): XmppjsElement | undefined;
}

interface XmppjsParser {
  root: XmppjsElement | null;
  cursor: XmppjsElement | null;
  write(data: string): void;
  onStartElement(name: string, attrs: Record<string, string>): void;
  onEndElement(name: string): void;
  onText(text: string): void;
}

type XmppjsParserClass = new () => XmppjsParser;

interface XmppjsStreamManagement {
  id: string;
  inbound: number;
  outbound: number;
  outbound_q: unknown[];
  enabled: boolean;
  on(event: 'resumed', listener: () => void): void;
}

/** A connection: what is common to a client and a component. Those with an underscore are meant for subclasses. */
interface XmppjsEntity {
  readonly options: { readonly domain: string; readonly lang?: string };
  readonly jid: { toString(): string } | null;
  socket: unknown;
  /** Of closing, in milliseconds. */
  timeout: number;
  Parser: XmppjsParserClass;
  parser: XmppjsParser | null;
  readonly reconnect: { stop(): void };
  connect(service?: string): Promise<unknown>;
  open(options: { readonly domain: string }): Promise<unknown>;
  restart(): Promise<unknown>;
  stop(): Promise<unknown>;
  send(element: XmppjsElement): Promise<void>;
  write(text: string): Promise<void>;
  on(event: string, listener: (...args: never[]) => void): void;
  _status(status: string): void;
  _attachSocket(socket: unknown): void;
  _detachSocket(): void;
  _onData(data: Uint8Array): void;
  _onElement(element: XmppjsElement): void;
}

interface XmppjsTransport {
  readonly prototype: { readonly Socket: unknown };
}

interface XmppjsClient extends XmppjsEntity {
  readonly streamManagement: XmppjsStreamManagement;
  Transport: XmppjsTransport;
  Socket: unknown;
  _findTransport(service: string): XmppjsTransport;
}

type XmppjsAuthenticate = (
  credentials: { readonly username: string; readonly password: string },
  mechanism: string,
  userAgent?: XmppjsElement,
) => Promise<void>;

interface XmppjsXml {
  (name: string, attrs?: Record<string, string>, ...children: (XmppjsElement | string)[]): XmppjsElement;
  readonly Parser: XmppjsParserClass;
}

declare module '@xmpp/client' {
  export const xml: XmppjsXml;
  export function client(options: {
    readonly service: string;
    readonly domain: string;
    readonly username: string;
    readonly resource: string;
    readonly credentials: (authenticate: XmppjsAuthenticate, mechanisms: readonly string[]) => Promise<void>;
  }): XmppjsClient;
}

declare module '@xmpp/component' {
  export const xml: XmppjsXml;
  export function component(options: {
    readonly service: string;
    readonly domain: string;
    readonly password: string;
  }): XmppjsEntity;
}
