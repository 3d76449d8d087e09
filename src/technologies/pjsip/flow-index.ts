// Which contacts are reached by which flow, so that they are found when it ends.
import { towards, type Registered } from './contact.ts';

interface Place {
  readonly aor: string;
  readonly id: string;
}

/** A flow is named by the next hop that leads to it. */
export class FlowIndex {
  readonly #flows = new Map<string, readonly Place[]>();

  add(contact: Registered, aor: string): void {
    const nextHop = flowName(contact);
    if (nextHop !== undefined) this.#flows.set(nextHop, [...this.at(nextHop), { aor, id: contact.id }]);
  }

  delete(contact: Registered, aor: string): void {
    const nextHop = flowName(contact);
    if (nextHop === undefined) return;
    const others = this.at(nextHop).filter((each) => each.aor !== aor || each.id !== contact.id);
    if (others.length === 0) this.#flows.delete(nextHop);
    else this.#flows.set(nextHop, others);
  }

  at(nextHop: string): readonly Place[] {
    return this.#flows.get(nextHop) ?? [];
  }
}

/** Behind a proxy, what the proxy calls the flow, if it does (RFC 5626 5.1); a Path without that leads to the proxy, for many. */
const flowName = (contact: Registered): string | undefined =>
  contact.path === '' || contact.regId !== undefined ? towards(contact).nextHop : undefined;
