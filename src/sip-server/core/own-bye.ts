// Dialogs that the server ends by itself, since nobody else will (RFC 3261 13.3.1.4).
import { unsolicited } from '../control/leaders.ts';
import type { Dialog } from '../dialogs.ts';
import { ourHeader, serialise } from '../message.ts';
import { composeWithin } from './compose-request.ts';
import { launch } from './launch.ts';
import { freshToken, type Stack } from './stack.ts';
import { exitOf, towardsDialog } from './towards-dialog.ts';

const noBody = Buffer.alloc(0);

/** Sends BYE if it can, forgets the dialog, and tells its application. */
export function endDialog(stack: Stack, dialog: Dialog, reason: string): void {
  stack.dialogs.remove(dialog);
  towardsDialog(stack, dialog, (destination) => {
    const exit = exitOf(stack, destination);
    const header = ourHeader('Reason', `SIP;cause=200;text="${reason}"`);
    const draft = { method: 'BYE', uri: dialog.target, headers: [header], body: noBody };
    const request = composeWithin(dialog, draft, exit, freshToken(stack), (dialog.localSeq += 1));
    if (typeof request === 'string') return;
    if (destination.kind === 'flow') {
      launch(stack, { request, flow: destination.flow, owner: undefined, dialog: undefined, dialogId: dialog.id });
    }
    const octets = serialise(request);
    dialog.owner?.notify(unsolicited(octets.length, exit, stack.timers.now(), dialog.id), octets);
  });
}
