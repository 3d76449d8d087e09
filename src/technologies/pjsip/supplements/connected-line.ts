// Tells the far end within a call that it talks to somebody else now: by UPDATE (RFC 3311), else by re-INVITE, in which the identity is written.
import { Fault } from '../../../errors.ts';
import { DatastoreKey } from '../datastores.ts';
import { divide } from '../name-address.ts';
import type { SipHeaders } from '../stack.ts';
import { isNews } from './identity.ts';
import type { Supplement, SupplementedSession } from './supplement.ts';

/** Whether the far end takes an UPDATE, by what its Allow said last. */
const TAKES_UPDATE = new DatastoreKey<{ update: boolean }>('takes UPDATE');

export const connectedLine: Supplement = {
  name: 'connected line',

  incomingRequest(session, { headers }) {
    note(session, headers);
  },

  incomingResponse(session, { headers }) {
    note(session, headers);
  },

  /** A caller who is not answered yet learns of it by the next response. */
  async connectedChanged(session) {
    if (!isNews(session)) return;
    const isUp = session.channel?.snapshot.state === 'Up';
    const allowsUpdate = session.datastores.get(TAKES_UPDATE)?.update === true;
    if (!isUp && (session.direction === 'inbound' || !allowsUpdate)) return;
    const method = allowsUpdate || session.endpoint.connected_line_method === 'update' ? 'UPDATE' : 'INVITE';
    const { status, reason } = await session.request(method, []);
    if (status >= 300) throw new Fault('unprocessable', `The far end refuses the ${method}: ${status} ${reason}`);
  },
};

/** RFC 3261 20.5: a message without Allow says nothing. */
function note({ datastores }: SupplementedSession, headers: SipHeaders): void {
  const lines = headers.all('Allow');
  if (lines.length === 0) return;
  const update = lines.flatMap((line) => divide(line, ',')).some((method) => method.toUpperCase() === 'UPDATE');
  const known = datastores.get(TAKES_UPDATE) ?? datastores.add(TAKES_UPDATE, { update });
  known.update = update;
}
