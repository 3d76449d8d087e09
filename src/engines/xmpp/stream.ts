// A stream of XMPP by the library: its sockets, its limits and its order are ours, negotiation and acknowledgement are the library's.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Fault } from '../../errors.ts';
import type {
  StreamHandler,
  StreamOpened,
  StreamOptions,
  StreamRefusal,
  XmppStream,
} from '../../technologies/xmpp/stream.ts';
import type { XmlElement } from '../../technologies/xmpp/xml.ts';
import { fromLibrary, headOf, toLibrary } from './elements.ts';
import { guardedParser, type ParserRefusal } from './guarded-parser.ts';
import { Handled } from './handled.ts';
import { connected, tcpSocket, tlsSocket } from './socket.ts';

/** What differs between a client and a component. */
export interface Kind {
  readonly entity: XmppjsEntity;
  readonly xml: XmppjsXml;
  /** The server counts what was handled, if it offers that. */
  readonly streamManagement?: XmppjsStreamManagement;
  /** Whom we are, as the server must be certified. */
  readonly domain: string;
  /** Before each connection. */
  prepare(): void;
}

const MAX_DEPTH = 32;
/** In milliseconds: how long the server may take to end the stream, and then the connection. */
const CLOSING = 1_000;
/** Of what the server has not read yet, in bytes, so much may wait in the connection. */
const MAX_UNREAD = 4_194_304;
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
const SM = 'urn:xmpp:sm:3';
const STREAMS = 'http://etherx.jabber.org/streams';
/** What SASL (RFC 6120 6.5) and XEP-0114 say of credentials that are not taken. */
const UNAUTHORIZED: readonly string[] = [
  ...['not-authorized', 'invalid-authzid', 'account-disabled', 'credentials-expired', 'invalid-mechanism'],
  ...['mechanism-too-weak', 'malformed-request', 'encryption-required'],
];
const isStanza = ({ name }: XmppjsElement): boolean => name === 'message' || name === 'presence' || name === 'iq';

/** An answer to what the library asks while it negotiates. */
const isReply = ({ name, attrs: { type } }: XmppjsElement): boolean =>
  name === 'iq' && (type === 'result' || type === 'error');

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { condition = '' } = error as { readonly condition?: string };
  const isRefused = UNAUTHORIZED.includes(condition);
  const said = textOf(error) || 'no answer in time';
  return new Fault(isRefused ? 'unauthorized' : 'unavailable', said, { cause: error });
}

/** Nothing of it is heard any more. */
async function ended(socket: Socket | TLSSocket | undefined): Promise<void> {
  if (socket === undefined || socket.closed) return;
  const closed = once(socket, 'close').catch(() => undefined);
  socket.destroy();
  await closed;
}

/** One attempt to open the stream. */
interface Opening {
  readonly resolve: (resumed: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export class LibraryStream implements XmppStream {
  readonly refusals: Record<StreamRefusal, number> = { 'too-large': 0, 'too-deep': 0, malformed: 0 };
  readonly #options: StreamOptions;
  readonly #kind: Kind;
  readonly #handled: Handled;
  readonly #onElement: (element: XmppjsElement) => void;
  #decoder = new TextDecoder('utf-8', { fatal: true });
  #socket: Socket | TLSSocket | undefined;
  #handler: StreamHandler | undefined;
  #opening: Opening | undefined;
  #isOpen = false;
  /** The server knows who we are. */
  #isOnline = false;
  /** It offers to count what was handled. */
  #isCounted = false;
  /** What comes while the stream is being opened, for when it is. */
  #held: XmppjsElement[] | undefined;
  #lastError: unknown;

  constructor(options: StreamOptions, kind: Kind) {
    this.#options = options;
    this.#kind = kind;
    const { entity, streamManagement } = kind;
    this.#handled = new Handled(streamManagement);
    const limits = { maxStanza: options.maxStanza, maxDepth: MAX_DEPTH };
    const Parser = guardedParser(kind.xml.Parser, limits, (head, reason) => this.#refused(head, reason));
    entity.reconnect.stop();
    entity.connect = async () => {
      kind.prepare();
      entity.Parser = Parser;
      await this.#connect();
    };
    this.#onElement = entity._onElement.bind(entity);
    entity._onElement = (element) => this.#element(element);
    entity._onData = (data) => this.#data(data);
    entity.on('error', (error: unknown) => this.#error(error));
    entity.on('disconnect', () => this.#ended());
    entity.on('online', () => this.#online());
    streamManagement?.on('resumed', () => this.#opening?.resolve(true));
  }

  async open(handler: StreamHandler, resume: boolean): Promise<StreamOpened> {
    const { entity, domain } = this.#kind;
    if (!resume) this.#handled.forget();
    this.#handler = handler;
    this.#held = [];
    [this.#isOnline, this.#isCounted] = [false, false];
    this.#lastError = undefined;
    this.#decoder = new TextDecoder('utf-8', { fatal: true });
    try {
      const resumed = await new Promise<boolean>((resolve, reject) => {
        this.#opening = { resolve, reject };
        const opened = entity.connect().then(() => entity.open({ domain }));
        opened.catch(reject);
      });
      this.#isOpen = true;
      // Whoever waits for this goes on before the first stanza comes.
      setImmediate(() => this.#release());
      return { jid: String(entity.jid), resumed, isResumable: (this.#kind.streamManagement?.id ?? '') !== '' };
    } catch (error) {
      this.#held = undefined;
      await ended(this.#socket);
      throw faultOf(error);
    } finally {
      this.#opening = undefined;
    }
  }

  async send(stanza: XmlElement): Promise<void> {
    const { entity, xml } = this.#kind;
    const element = toLibrary(xml, stanza);
    if (!this.#isOpen) throw new Fault('unavailable', 'There is no stream');
    if (this.#socket!.writableLength > MAX_UNREAD) throw new Fault('unavailable', 'The server reads too slowly');
    try {
      await entity.send(element);
    } catch (cause) {
      throw new Fault('unavailable', `The stream has ended: ${textOf(cause)}`, { cause });
    }
  }

  async close(gracefully: boolean): Promise<void> {
    const socket = this.#socket;
    this.#handler = undefined;
    this.#opening?.reject(new Fault('unavailable', 'Called off'));
    if (gracefully && this.#isOpen) {
      const { entity } = this.#kind;
      entity.timeout = CLOSING;
      await entity.stop().catch(() => undefined);
    }
    await ended(socket);
    this.#isOpen = false;
  }

  async #connect(): Promise<void> {
    const { entity, domain } = this.#kind;
    const { tls, ca, ...place } = this.#options;
    entity._status('connecting');
    this.#socket = tls === 'direct' ? tlsSocket(place, { domain, ca }) : tcpSocket(place);
    this.#attach(await connected(this.#socket, tls === 'direct' ? 'secureConnect' : 'connect'));
    entity._status('connect');
  }

  #attach(socket: Socket | TLSSocket): void {
    this.#socket = socket;
    // The library asks for it by that name.
    this.#kind.entity._attachSocket(Object.assign(socket, { secure: this.#isSecure(socket) }));
  }

  #isSecure(socket: Socket | TLSSocket | undefined = this.#socket): boolean {
    return socket !== undefined && 'encrypted' in socket;
  }

  /** A character may be cut in two by the network, which the library does not know. */
  #data(data: Uint8Array): void {
    const { entity } = this.#kind;
    try {
      entity.parser?.write(this.#decoder.decode(data, { stream: true }));
    } catch (error) {
      this.refusals.malformed += 1;
      this.#error(new Fault('unavailable', `What the server sent is no XMPP: ${textOf(error)}`));
      void this.#giveUp();
    }
  }

  /** RFC 6120 4.9.1.1 */
  async #giveUp(): Promise<void> {
    const socket = this.#socket;
    const { entity, xml } = this.#kind;
    const condition = xml('not-well-formed', { xmlns: 'urn:ietf:params:xml:ns:xmpp-streams' });
    await entity.write(`${String(xml('stream:error', {}, condition))}</stream:stream>`).catch(() => undefined);
    socket?.destroy();
  }

  #element(element: XmppjsElement): void {
    if (isStanza(element)) {
      if (this.#isOpen && this.#held === undefined) this.#take(element);
      else if (!this.#isOpen && isReply(element)) this.#onElement(element);
      else this.#held?.push(element);
      return;
    }
    if (element.is('error', STREAMS)) return this.#refusedByServer(element);
    if (this.#startsTls(element)) return;
    if (element.is('features', STREAMS)) this.#isCounted = element.getChild('sm', SM) !== undefined;
    this.#onElement(element);
    // A refusal to go on with the session before comes sooner than the new one.
    if (this.#isOnline && (element.is('enabled', SM) || element.is('failed', SM)))
      setImmediate(() => this.#opening?.resolve(false));
  }

  #take(element: XmppjsElement): void {
    this.#handled.add(this.#handler?.stanza(fromLibrary(element)) ?? Promise.resolve());
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const each of held) this.#take(each);
  }

  #refused(head: XmppjsElement, reason: ParserRefusal): void {
    this.refusals[reason] += 1;
    this.#handled.add(Promise.resolve());
    this.#handler?.refused(headOf(head), reason);
  }

  /** RFC 6120 4.9: it ends with that. The library would follow a server that names another. */
  #refusedByServer({ children }: XmppjsElement): void {
    const named = children.filter((each) => typeof each !== 'string').map((each) => each.getName());
    const condition = named.find((each) => each !== 'text') ?? 'undefined-condition';
    this.#error(Object.assign(new Error(`The server has ended the stream: ${condition}`), { condition }));
    this.#socket?.destroy();
  }

  /** STARTTLS with authorities of our own; the library would take those of everybody. */
  #startsTls(element: XmppjsElement): boolean {
    if (this.#options.tls !== 'starttls' || this.#isSecure()) return false;
    if (element.is('features', STREAMS)) {
      if (element.getChild('starttls', TLS) === undefined)
        this.#error(new Fault('unavailable', 'The server offers no TLS'));
      else void this.#kind.entity.send(this.#kind.xml('starttls', { xmlns: TLS })).catch(() => undefined);
      return true;
    }
    if (element.is('proceed', TLS)) {
      this.#upgrade().catch((error: unknown) => this.#error(error));
      return true;
    }
    return false;
  }

  async #upgrade(): Promise<void> {
    const { entity, domain } = this.#kind;
    const { ca } = this.#options;
    const plain = this.#socket as Socket;
    entity._detachSocket();
    this.#socket = tlsSocket({ socket: plain }, { domain, ca });
    this.#attach(await connected(this.#socket, 'secureConnect'));
    await entity.restart();
  }

  /** Where the server counts, it is open when that has begun. */
  #online(): void {
    this.#isOnline = true;
    if (!this.#isCounted) this.#opening?.resolve(false);
  }

  #error(error: unknown): void {
    this.#lastError = error;
    this.#opening?.reject(error);
  }

  #ended(): void {
    this.#opening?.reject(this.#lastError ?? new Fault('unavailable', 'The server has ended the connection'));
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#held = undefined;
    this.#handler?.closed(this.#lastError === undefined ? 'the server has ended it' : textOf(this.#lastError));
  }
}
