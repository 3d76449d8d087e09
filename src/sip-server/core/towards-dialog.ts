// Where requests within a dialog go (RFC 3261 12.2.1.1).
import type { Dialog } from '../dialogs.ts';
import { parseNameAddress } from '../grammar/name-address.ts';
import { parseSipUri } from '../grammar/uri.ts';
import type { Stack } from './stack.ts';
import { towards, type Destination } from './towards.ts';

export function towardsDialog(stack: Stack, dialog: Dialog, found: (destination: Destination) => void): void {
  if (dialog.way?.isOpen) return found({ kind: 'flow', flow: dialog.way, others: [], isNamed: true });
  const [route] = dialog.routes;
  const uri = parseSipUri((route && parseNameAddress(route)?.uri) ?? dialog.target);
  if (uri === undefined) return found({ kind: 'refused', reason: `invalid request-uri: ${dialog.target}` });
  towards(stack, uri, found);
}
