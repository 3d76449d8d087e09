// Someone at an XMPP server: logs in, writes, and remembers what comes.
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { Fault } from '../../src/errors.ts';
import { xmppStream } from '../../src/engines/xmpp/index.ts';
import { childOf, element, stanza, textOf, type XmlElement } from '../../src/technologies/xmpp/xml.ts';
import type { XmppStream } from '../../src/technologies/xmpp/stream.ts';
import { DOMAIN, type Prosody } from './prosody.ts';

const RECEIPTS = 'urn:xmpp:receipts';
const DISCO = 'http://jabber.org/protocol/disco#info';

export interface PersonOptions {
  readonly resource?: string;
  /** Receipts are given, and it is said that they are. */
  readonly givesReceipts?: boolean;
  /** Nobody is told that the person is there. */
  readonly isSilent?: boolean;
  /** Answers requests for a subscription. */
  readonly subscribes?: boolean;
}

export class Person {
  readonly received: XmlElement[] = [];
  /** With what further messages come back: the type and the condition of an error (RFC 6120 8.3). */
  refusal: readonly [type: string, condition: string] | undefined;
  readonly #stream: XmppStream;
  readonly #options: PersonOptions;
  readonly user: string;

  constructor(prosody: Prosody, user: string, options: PersonOptions = {}) {
    const { resource = 'phone' } = options;
    this.user = user;
    this.#options = options;
    this.#stream = xmppStream({
      ...{ kind: 'client', user, domain: DOMAIN, resource, secret: `${user}-secret`, maxStanza: 1_000_000 },
      ...{ host: '127.0.0.1', port: prosody.ports.client, tls: 'starttls', ca: prosody.ca },
    });
    onTestFinished(() => this.#stream.close(false));
  }

  async login(): Promise<this> {
    const handler = {
      stanza: (each: XmlElement) => this.#take(each).catch(unlessEnded),
      refused: () => undefined,
      closed: () => undefined,
    };
    await this.#stream.open(handler, false);
    if (this.#options.isSilent !== true) await this.#stream.send(stanza('presence'));
    return this;
  }

  async logout(): Promise<void> {
    await this.#stream.send(stanza('presence', { type: 'unavailable' }));
    await this.#stream.close(true);
  }

  /** The connection ends without a word. */
  vanish(): Promise<void> {
    return this.#stream.close(false);
  }

  send(each: XmlElement): Promise<void> {
    return this.#stream.send(each);
  }

  async write(
    to: string,
    body: string,
    more: { id?: string; origin?: string; children?: XmlElement[]; type?: string } = {},
  ) {
    const { id, origin, children = [], type = 'chat' } = more;
    const originId = origin === undefined ? [] : [element('urn:xmpp:sid:0', 'origin-id', { id: origin })];
    await this.send(stanza('message', { to, type, id }, [stanza('body', {}, [body]), ...originId, ...children]));
  }

  /** The bodies of the messages that came, in order. */
  get bodies(): string[] {
    return this.received.flatMap((each) => {
      const body = each.name === 'message' ? childOf(each, 'body') : undefined;
      return body === undefined ? [] : [textOf(body)];
    });
  }

  /** The first that came, or comes, of which it is so. */
  async until(isIt: (each: XmlElement) => boolean): Promise<XmlElement> {
    return eventually(() => this.received.find(isIt));
  }

  async #take(each: XmlElement): Promise<void> {
    this.received.push(each);
    const { from, id, type } = each.attrs;
    if (each.name === 'presence' && type === 'subscribe' && this.#options.subscribes !== false)
      await this.send(stanza('presence', { to: from, type: 'subscribed' }));
    if (this.refusal !== undefined && each.name === 'message' && type !== 'error') {
      const [kind, condition] = this.refusal;
      const error = stanza('error', { type: kind }, [element('urn:ietf:params:xml:ns:xmpp-stanzas', condition)]);
      return this.send(stanza('message', { to: from, id, type: 'error' }, [error]));
    }
    if (this.#options.givesReceipts === false) return;
    if (each.name === 'message' && type !== 'error' && childOf(each, 'request', RECEIPTS) !== undefined)
      await this.send(stanza('message', { to: from, type }, [element(RECEIPTS, 'received', { id })]));
    if (each.name === 'iq' && type === 'get' && childOf(each, 'query', DISCO) !== undefined) {
      const feature = element(DISCO, 'feature', { var: RECEIPTS });
      await this.send(stanza('iq', { type: 'result', to: from, id }, [element(DISCO, 'query', {}, [feature])]));
    }
  }
}

/** An answer to a stream that has ended meanwhile is lost: whoever missed it sends again. The port asks for a handler that does not fail. */
function unlessEnded(error: unknown): void {
  if (!(error instanceof Fault && error.kind === 'unavailable')) throw error;
}

/** What is there at last; fails when it does not come in ten seconds. */
export async function eventually<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await pause(20);
  }
  throw new Error('It has not come');
}
