// Dialogs that the server ends by itself, since nobody else will (RFC 3261 13.3.1.4, RFC 4028 10, RFC 6665 4.2.2).
import { unsolicited } from '../control/leaders.ts';
import type { Dialog } from '../dialogs.ts';
import { ourHeader, serialise, type Header } from '../message.ts';
import { composeWithin } from './compose-request.ts';
import { callOffInvite, launch } from './launch.ts';
import { freshToken, type Stack } from './stack.ts';
import { towardsDialog } from './towards-dialog.ts';
import { exitOf } from './towards.ts';

const noBody = Buffer.alloc(0);

/** Sends BYE if it can, forgets the dialog, and tells its application. */
export function endDialog(stack: Stack, dialog: Dialog, reason: string): void {
  conclude(stack, dialog, 'BYE', [ourHeader('Reason', `SIP;cause=200;text="${reason}"`)]);
}

/** The same, with the last request of that kind of dialog. */
export function conclude(stack: Stack, dialog: Dialog, method: 'BYE' | 'NOTIFY', headers: readonly Header[]): void {
  callOffInvite(stack, dialog);
  stack.dialogs.remove(dialog);
  towardsDialog(stack, dialog, (destination) => {
    const exit = exitOf(stack, destination);
    const draft = { method, uri: dialog.target, headers, body: noBody };
    const request = composeWithin(dialog, draft, exit, freshToken(stack), (dialog.localSeq += 1));
    if (typeof request === 'string') return;
    if (destination.kind === 'flow') {
      launch(stack, { request, way: destination, owner: undefined, dialog: undefined, dialogId: dialog.id });
    }
    const octets = serialise(request);
    dialog.owner?.notify(unsolicited(octets.length, exit, stack.timers.now(), dialog.id), octets);
  });
}
