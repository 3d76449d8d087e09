// Where requests within a dialog go (RFC 3261 12.2.1.1).
import type { Dialog } from '../dialogs.ts';
import { parseNameAddress } from '../grammar/name-address.ts';
import { parseSipUri } from '../grammar/uri.ts';
import type { Destination } from '../transport/transports.ts';
import type { Exit } from './compose-request.ts';
import type { Stack } from './stack.ts';

export function towardsDialog(stack: Stack, dialog: Dialog, found: (destination: Destination) => void): void {
  if (dialog.way?.isOpen) return found({ kind: 'flow', flow: dialog.way });
  const [route] = dialog.routes;
  const uri = parseSipUri((route && parseNameAddress(route)?.uri) ?? dialog.target);
  if (uri === undefined) return found({ kind: 'refused', reason: `invalid request-uri: ${dialog.target}` });
  stack.transports.towards(uri, found);
}

/** What a request shows of the way it leaves; for one that finds none, of any. */
export const exitOf = (stack: Stack, destination: Destination): Exit =>
  destination.kind === 'flow' ? destination.flow : { protocol: 'udp', local: stack.transports.anyPlace };
