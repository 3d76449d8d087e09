// What can be asked of us (iq): whether we are there, and what we know.
import { isComponent, isOwn, type Account } from './accounts.ts';
import { bareOf, parseJid } from './jid.ts';
import { DISCO, PING, RECEIPTS, ROSTER, STANZA_IDS } from './namespaces.ts';
import type { Peers } from './peers.ts';
import type { Presence } from './presence.ts';
import type { Refusals } from './refusals.ts';
import { replyTo, withError } from './stanza-errors.ts';
import { childrenOf, element, type XmlElement } from './xml.ts';

export interface QueriesParts {
  readonly peers: Peers;
  readonly presence: Presence;
  readonly refusals: Refusals;
}

export class Queries {
  readonly #parts: QueriesParts;

  constructor(parts: QueriesParts) {
    this.#parts = parts;
  }

  received(account: Account, iq: XmlElement): void {
    const { attrs } = iq;
    if (account.link.answered(iq) || attrs['type'] === 'result' || attrs['type'] === 'error') return;
    const children = childrenOf(iq);
    const [child] = children;
    if (child === undefined || children.length !== 1 || (attrs['type'] !== 'get' && attrs['type'] !== 'set'))
      return account.link.tell(withError(iq, { type: 'modify', condition: 'bad-request' }));
    const answer = this.#answer(account, iq, child);
    if (answer === undefined)
      return account.link.tell(withError(iq, { type: 'cancel', condition: 'service-unavailable' }));
    account.link.tell(replyTo(iq, { type: 'result' }, answer === 'empty' ? [] : [answer]));
  }

  /** Nothing when it is not for those who ask, or not known. */
  #answer(account: Account, iq: XmlElement, { name, ns, attrs }: XmlElement): XmlElement | 'empty' | undefined {
    const { type, from } = iq.attrs;
    if (type === 'set')
      return name === 'query' && ns === ROSTER && this.#parts.presence.pushed(account, iq, childrenOf(iq)[0]!)
        ? 'empty'
        : undefined;
    if (!this.#mayAsk(account, from)) return undefined;
    if (name === 'ping' && ns === PING) return 'empty';
    return name === 'query' && ns === DISCO && attrs['node'] === undefined ? aboutUs(account) : undefined;
  }

  /** Of a client only peers learn that it is there; a component is there for everybody. */
  #mayAsk(account: Account, from: string | undefined): boolean {
    if (isComponent(account) || from === undefined) return true;
    const sender = parseJid(from);
    if (sender === undefined) return false;
    const { domain } = account.object.stream;
    const isKnown = isOwn(account, sender) || bareOf(sender) === domain;
    return isKnown || this.#parts.peers.find(account.object, bareOf(sender)) !== undefined;
  }
}

/** XEP-0030 3 */
function aboutUs(account: Account): XmlElement {
  const [category, type] = isComponent(account) ? ['gateway', 'sip'] : ['client', 'bot'];
  const features = [DISCO, PING, RECEIPTS, STANZA_IDS];
  return element(DISCO, 'query', {}, [
    element(DISCO, 'identity', { category, type, name: 'Arion' }),
    ...features.map((each) => element(DISCO, 'feature', { var: each })),
  ]);
}
