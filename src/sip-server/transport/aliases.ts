// Connections that registered contacts came over: a later request to such a contact goes back the same way.
import type { SipUri } from '../grammar/uri.ts';
import { isReliable, type Flow } from './flow.ts';

/** Contacts that one connection may tie to itself; a peer that registers more reaches the newest ones elsewhere. */
const contactsPerFlow = 1_000;

export class Aliases {
  readonly #flows = new Map<string, Flow>();
  readonly #contacts = new Map<Flow, Set<string>>();

  /** Ties a contact that was registered over this flow to it; over UDP it unties what a connection had. */
  tie(contact: SipUri, flow: Flow): void {
    const key = keyOf(contact);
    const former = this.#flows.get(key);
    if (former !== undefined) this.#contacts.get(former)?.delete(key);
    this.#flows.delete(key);
    if (!isReliable(flow) || !flow.isOpen) return;
    let contacts = this.#contacts.get(flow);
    if (contacts === undefined) {
      this.#contacts.set(flow, (contacts = new Set()));
      flow.onClose(() => this.#forget(flow));
    }
    if (contacts.size >= contactsPerFlow) return;
    contacts.add(key);
    this.#flows.set(key, flow);
  }

  flowTo(uri: SipUri): Flow | undefined {
    const flow = this.#flows.get(keyOf(uri));
    return flow?.isOpen ? flow : undefined;
  }

  #forget(flow: Flow): void {
    for (const key of this.#contacts.get(flow) ?? []) this.#flows.delete(key);
    this.#contacts.delete(flow);
  }
}

const keyOf = ({ user, host, port }: SipUri): string => `${user ?? ''}@${host}:${port ?? ''}`;
