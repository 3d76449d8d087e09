// Dialogs that the server ends by itself, since nobody else will (RFC 3261 13.3.1.4).
import { unsolicited } from '../control/leaders.ts';
import type { Dialog } from '../dialogs.ts';
import { composeWithin } from './compose-request.ts';
import { launch } from './launch.ts';
import { freshToken, type Stack } from './stack.ts';
import { towardsDialog } from './towards-dialog.ts';

/** Sends BYE, forgets the dialog, and tells its application. */
export function endDialog(stack: Stack, dialog: Dialog, reason: string): void {
  stack.dialogs.remove(dialog);
  towardsDialog(stack, dialog, (destination) => {
    if (destination.kind !== 'flow') return;
    const { flow } = destination;
    const header = { key: 'reason', name: 'Reason', value: `SIP;cause=200;text="${reason}"` };
    const draft = {
      kind: 'request',
      method: 'BYE',
      uri: dialog.target,
      headers: [header],
      body: Buffer.alloc(0),
      skipped: [],
    } as const;
    const cseq = (dialog.localSeq += 1);
    const request = composeWithin(dialog, draft, flow, freshToken(stack), cseq);
    if (typeof request === 'string') return;
    const { octets } = launch(stack, { request, flow, owner: undefined, dialog: undefined, dialogId: dialog.id });
    dialog.owner?.notify(unsolicited(octets.length, flow, stack.timers.now(), dialog.id), octets);
  });
}
