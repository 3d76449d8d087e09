// Telephones that registered by several flows: which contacts lead to the same one (RFC 5626 4.1).
import type { Registered } from './contact.ts';

const newestFirst = (one: Registered, other: Registered): number => (other.registeredAt ?? 0) - (one.registeredAt ?? 0);

const isSameTelephone = (one: Registered, other: Registered): boolean =>
  one.regId !== undefined && other.regId !== undefined && one.instance === other.instance;

/** A telephone with several flows is reached by the newest; the others are for when that fails. */
export const onePerInstance = (contacts: readonly Registered[]): Registered[] =>
  contacts.filter(
    (each) => !contacts.some((other) => other !== each && isSameTelephone(each, other) && isPreferred(other, each)),
  );

const isPreferred = (one: Registered, other: Registered): boolean =>
  newestFirst(one, other) < 0 || (newestFirst(one, other) === 0 && one.id < other.id);

/** The others of the same telephone, the newest first. */
export const otherFlows = (contact: Registered, contacts: readonly Registered[]): Registered[] =>
  contacts.filter((each) => each.id !== contact.id && isSameTelephone(each, contact)).sort(newestFirst);
