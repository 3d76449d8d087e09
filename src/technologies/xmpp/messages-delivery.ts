// Text messages that go out: one attempt is a stanza, which the server has or has not; and what becomes of it afterwards.
import type { TextMessage } from '../../core/facts.ts';
import type { Core } from '../../core/index.ts';
import type { MessageSnapshot } from '../../core/message.ts';
import type { TextAttempt, TextOutcome, TextRecipient, TextSender } from '../../core/technology.ts';
import type { Clock } from '../../core/clock.ts';
import { Fault } from '../../errors.ts';
import type { Account } from './accounts.ts';
import { destinationOf, senderOf, type Directory } from './destination.ts';
import { bareOf, formatJid, parseJid, type Jid } from './jid.ts';
import { messageOf, writtenOf } from './messages-sent.ts';
import type { Peer, Peers } from './peers.ts';
import { inWords, isTemporary, type StanzaError } from './stanza-errors.ts';

export interface DeliveryParts extends Directory {
  readonly core: Pick<Core, 'messages'>;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

type Settled = Exclude<TextOutcome, { kind: 'sent' }>;

interface UnderWay {
  /** To whom, bare. */
  readonly to: string;
  readonly number: number;
  readonly settle: (outcome: Settled) => void;
}

/** So long a receipt may take once its message can have arrived, in milliseconds. */
const GRACE = 10_000;
/** At once: nobody has refused it. */
const AGAIN = { reason: 'No receipt from an earlier session', retryAfter: 1 };
/** Of what one peer has not confirmed, so many are looked at in one go. */
const AT_ONCE = 1_000;
/** A server that says of a peer "service unavailable" may only not know yet that it has gone: so often it is tried again. */
const DOUBTS = 3;

export class Deliveries implements TextSender {
  readonly scheme = 'xmpp';
  readonly #parts: DeliveryParts;
  /** By the message's id. */
  readonly #underWay = new Map<string, UnderWay>();
  /** By peer: when is looked what it has not confirmed. */
  readonly #looks = new Map<string, () => void>();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  recipient(address: string, message: TextMessage): TextRecipient {
    const { account, peer } = destinationOf(address, message.from, this.#parts);
    writtenOf(message);
    senderOf(account, message.from);
    const isReachable = peer === undefined ? account.link.isOpen : this.#parts.peers.isReachable(peer);
    return { endpoint: { tech: 'XMPP', resource: peer?.object.id ?? account.object.id }, isReachable };
  }

  async deliver(address: string, message: TextMessage, attempt: TextAttempt): Promise<TextOutcome> {
    try {
      const { account, to } = destinationOf(address, message.from, this.#parts);
      return await this.#send(account, to, message, attempt);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const { kind, message: reason } = error;
      return kind === 'unavailable' ? { kind: 'temporary', reason } : { kind: 'failed', reason };
    }
  }

  /** `sent` when the server has it, unless somebody has said more of it by then. */
  async #send(account: Account, to: Jid, message: TextMessage, attempt: TextAttempt): Promise<TextOutcome> {
    const { id, createdAt, number, onSent } = attempt;
    const contact = formatJid(to);
    const from = senderOf(account, message.from);
    const stanza = messageOf(writtenOf(message), { id, from, to: contact, createdAt, now: this.#parts.clock.now() });
    const told = new Promise<TextOutcome>((settle) => {
      this.#underWay.set(id, { to: bareOf(to), number, settle });
    });
    try {
      await account.link.send(stanza);
      onSent(`xmpp:${contact}`);
      const sent: TextOutcome = { kind: 'sent', contact: `xmpp:${contact}` };
      return await Promise.race([told, account.link.taken().then(() => sent)]);
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** XEP-0184: the recipient has it. */
  async confirmed(from: Jid, id: string): Promise<void> {
    const outcome: Settled = { kind: 'delivered', reason: 'Receipt', contact: `xmpp:${formatJid(from)}` };
    const underWay = this.#underWay.get(id);
    if (underWay?.to === bareOf(from)) underWay.settle(outcome);
    else if (underWay === undefined && (await this.#sentTo(from, id)) !== undefined)
      await this.#parts.core.messages.settle(id, outcome);
  }

  /** The message has come back, from its recipient or from a server on the way. */
  async bounced(account: Account, from: Jid, id: string, error: StanzaError): Promise<void> {
    const underWay = this.#underWay.get(id);
    const outcome = (to: string, number: number): Settled => {
      const contact = `xmpp:${formatJid(from)}`;
      const kind = isTemporary(error) || this.#isInDoubt(account, to, number, error) ? 'temporary' : 'failed';
      return { kind, reason: inWords(error), contact };
    };
    if (underWay !== undefined) {
      if (speaksFor(from, underWay.to, account)) underWay.settle(outcome(underWay.to, underWay.number));
      return;
    }
    const sent = await this.#sentTo(from, id, account);
    if (sent !== undefined) await this.#parts.core.messages.settle(id, outcome(sent.to, sent.attempts));
  }

  /** Of a peer that shares where it is: it has just gone, or will be said to have gone soon. */
  #isInDoubt({ object }: Account, to: string, number: number, { condition }: StanzaError): boolean {
    const { peers } = this.#parts;
    const peer = peers.find(object, to);
    if (condition !== 'service-unavailable' || !peer?.shares) return false;
    return !peers.isReachable(peer) || number < DOUBTS;
  }

  /** What was sent to whom it is said to be from, and is not settled yet. */
  async #sentTo(from: Jid, id: string, account?: Account): Promise<{ to: string; attempts: number } | undefined> {
    const message = await this.#parts.core.messages.get(id).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error;
      return undefined;
    });
    if (message === undefined || message.direction !== 'outbound' || message.state !== 'sent') return undefined;
    const to = parseJid(message.contact?.replace(/^xmpp:/, '') ?? '');
    if (to === undefined || !message.endpoint.startsWith('XMPP/')) return undefined;
    const isFromThere = account === undefined ? bareOf(to) === bareOf(from) : speaksFor(from, bareOf(to), account);
    return isFromThere ? { to: bareOf(to), attempts: message.attempts } : undefined;
  }

  /** It is there, and gives receipts: what it has not confirmed soon of what an earlier session carried is sent again. */
  expectReceipts({ object: { id } }: Peer): void {
    if (this.#looks.has(id)) return;
    const look = (): void => {
      this.#looks.delete(id);
      this.#sendLostAgain(id).catch(this.#parts.onError);
    };
    this.#looks.set(id, this.#parts.clock.after(GRACE, look));
  }

  close(): void {
    for (const callOff of this.#looks.values()) callOff();
    this.#looks.clear();
  }

  async #sendLostAgain(id: string): Promise<void> {
    const { core, peers, accounts } = this.#parts;
    const peer = peers.get(id);
    const since = peer && accounts.get(peer.object.account.id)?.link.since;
    if (peer === undefined || since === undefined || !peers.givesReceipts(peer)) return;
    const query = { endpoint: `XMPP/${id}`, direction: 'outbound', states: ['sent'], limit: AT_ONCE } as const;
    const isLost = (message: MessageSnapshot): boolean => message.changedAt < since && !this.#underWay.has(message.id);
    for (const message of (await core.messages.list(query)).filter(isLost))
      await core.messages.settle(message.id, { ...AGAIN, kind: 'temporary' });
  }
}

/** The recipient itself, its server, or ours. */
const speaksFor = (from: Jid, to: string, { object }: Account): boolean =>
  [to, parseJid(to)?.domain, object.jid, object.stream.domain].includes(bareOf(from));
