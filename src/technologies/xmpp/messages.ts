// Messages that come: texts to the core, which keeps them before they are confirmed; receipts and errors to who waits for them.
import type { Core } from '../../core/index.ts';
import { Fault } from '../../errors.ts';
import { isComponent, isOwn, type Account } from './accounts.ts';
import { bareOf, parseJid } from './jid.ts';
import type { Deliveries } from './messages-delivery.ts';
import {
  bodyOf,
  keyOf,
  onwardOf,
  receivedText,
  recipientName,
  senderName,
  type Addresses,
} from './messages-received.ts';
import { RECEIPTS } from './namespaces.ts';
import type { Peers } from './peers.ts';
import type { Presence } from './presence.ts';
import type { RefusalReason, Refusals } from './refusals.ts';
import { errorOf, readError, withError } from './stanza-errors.ts';
import { childOf, element, stanza, type XmlElement } from './xml.ts';

export interface MessagesParts {
  readonly core: Pick<Core, 'messages'>;
  readonly peers: Peers;
  readonly presence: Presence;
  readonly deliveries: Deliveries;
  readonly refusals: Refusals;
  readonly newId: () => string;
  readonly onError: (error: unknown) => void;
  /** How many may wait to be kept, 10,000 if left out. Who sends more is told to wait. */
  readonly limit?: number;
}

const LIMIT = 10_000;

export class Messages {
  readonly #parts: MessagesParts;
  readonly #limit: number;
  #waiting = 0;
  #refused = 0;

  constructor(parts: MessagesParts) {
    this.#parts = parts;
    this.#limit = parts.limit ?? LIMIT;
  }

  get metrics() {
    return { waiting: this.#waiting, limit: this.#limit, refused: this.#refused };
  }

  /** Resolves when it was handled: a text was kept, or its sender told why it was not. Fails only by a bug. */
  async received(account: Account, message: XmlElement): Promise<void> {
    const { refusals, deliveries } = this.#parts;
    const { from: sender = account.object.jid, to: recipient = account.object.jid, type, id = '' } = message.attrs;
    const [from, to] = [parseJid(sender), parseJid(recipient)];
    if (from === undefined || to === undefined) return refusals.count('malformed');
    if (!isOwn(account, to)) return refusals.count('not-ours');
    if (type === 'error') return deliveries.bounced(account, from, id, readError(message));
    // What else is connected as ourselves, and copies that it is sent, say nothing to us; and nobody else may say it is us.
    if (isOwn(account, from)) return isComponent(account) ? refusals.count('spoofed') : undefined;
    const receipt = childOf(message, 'received', RECEIPTS);
    if (receipt !== undefined) return this.#confirmed(account, { from, to }, receipt.attrs['id'] ?? '');
    const body = bodyOf(message);
    if (body === undefined) return;
    if (type === 'groupchat') return refusals.count('groupchat');
    await this.#text(account, message, body, { from, to });
  }

  async #confirmed(account: Account, { from }: Addresses, id: string): Promise<void> {
    const { deliveries, peers, presence } = this.#parts;
    const peer = peers.find(account.object, bareOf(from));
    if (peer !== undefined && from.resource !== undefined) presence.gaveReceipt(peer, from.resource);
    await deliveries.confirmed(from, id);
  }

  async #text(account: Account, message: XmlElement, body: string, addresses: Addresses): Promise<void> {
    const { from, to } = addresses;
    const { core, peers, newId } = this.#parts;
    const { object } = account;
    const peer = peers.find(object, bareOf(from));
    if (peer === undefined && !object.acceptsAnyone)
      return this.#refuse(account, message, 'stranger', new Fault('forbidden', 'Only peers may send messages here'));
    if (this.#waiting >= this.#limit) {
      this.#refused += 1;
      return this.#refuse(account, message, 'limit', new Fault('unavailable', 'Too many messages at once'));
    }
    const text = receivedText(message, body, addresses);
    const key = keyOf(message, from) ?? newId();
    const endpoint = peer?.endpoint ?? peers.endpointOf(object);
    const which = { key, recipient: recipientName(to), sender: senderName(from), scheme: 'xmpp' };
    this.#waiting += 1;
    try {
      await core.messages.receive({ endpoint, text, onward: onwardOf(text), ...which });
      this.#confirm(account, message);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#refuse(account, message, undefined, error);
    } finally {
      this.#waiting -= 1;
    }
  }

  /** XEP-0184 5.1: only who asks is told. */
  #confirm(account: Account, message: XmlElement): void {
    const { id, from: to, to: from, type } = message.attrs;
    if (id === undefined || to === undefined || childOf(message, 'request', RECEIPTS) === undefined) return;
    const self = isComponent(account) ? from : undefined;
    const receipt = element(RECEIPTS, 'received', { id });
    account.link.tell(stanza('message', { to, from: self, type, id: this.#parts.newId() }, [receipt]));
  }

  #refuse({ link }: Account, message: XmlElement, reason: RefusalReason | undefined, fault: Fault): void {
    if (reason !== undefined) this.#parts.refusals.count(reason);
    link.tell(withError(message, { ...errorOf[fault.kind], text: fault.message }));
  }
}
