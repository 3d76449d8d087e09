// Who we are: each account with its way to its server.
import type { AccountObject } from './config.ts';
import { bareOf, type Jid } from './jid.ts';
import type { Link } from './link.ts';

export interface Account {
  readonly object: AccountObject;
  readonly link: Link;
}

export const isComponent = ({ object }: Account): boolean => object.stream.kind === 'component';

/** Whether the address is one of the account's: of a component any name in its domain. */
export const isOwn = ({ object }: Account, jid: Jid): boolean =>
  object.stream.kind === 'component' ? jid.domain === object.jid : bareOf(jid) === object.jid;
