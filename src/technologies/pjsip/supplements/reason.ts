// Why a call ends, as each side tells the other: the Reason header (RFC 3326).
import { causeOf, causeOfReason, reasonOf } from '../causes.ts';
import type { SipHeader, SipHeaders, SipRequest } from '../stack.ts';
import type { Supplement, SupplementedSession } from './supplement.ts';

/** Another one has answered. In SIP it has words of its own (RFC 3326 3.1). */
const ELSEWHERE = 26;
const ELSEWHERE_REASON = 'SIP;cause=200;text="Call completed elsewhere"';
/** RFC 3261 13.3.1.4, RFC 4028 10. */
const TIMER_EXPIRY = 102;
/** The connection to the SIP server is gone. */
const OUT_OF_ORDER = 38;

export const reason: Supplement = {
  name: 'reason',
  methods: ['INVITE', 'CANCEL', 'BYE'],

  incomingRequest(session, request) {
    if (request.method !== 'BYE') return;
    note(session, request.isOwn ? ownCause(request) : causeIn(request.headers));
  },

  incomingCancel(session, { headers }) {
    const isElsewhere = causeOfReason(headers.all('Reason'), 'SIP') === 200;
    note(session, isElsewhere ? ELSEWHERE : causeIn(headers));
  },

  /** Its status says as much as a SIP cause could. */
  incomingResponse(session, { status, headers }, method) {
    if (method === 'INVITE' && status >= 300) note(session, causeOfReason(headers.all('Reason'), 'Q.850'));
  },

  outgoingRequest(session, { method, headers }) {
    if (method !== 'INVITE') tell(session, headers);
  },

  outgoingResponse(session, { status, request, headers }) {
    if (request.method === 'INVITE' && status >= 300) tell(session, headers);
  },
};

function note(session: SupplementedSession, cause: number | undefined): void {
  if (cause !== undefined && cause <= 127) session.setCause(cause);
}

/** That everything is well, as some say with a BYE (200), is no cause. */
function causeIn(headers: SipHeaders): number | undefined {
  const reasons = headers.all('Reason');
  const status = causeOfReason(reasons, 'SIP') ?? 0;
  return causeOfReason(reasons, 'Q.850') ?? (status >= 300 ? causeOf(status) : undefined);
}

/** The stack ends a dialog by itself when it lost it, or when an ACK or a refresh did not come. */
const ownCause = ({ headers }: SipRequest): number =>
  (causeOfReason(headers.all('Reason'), 'SIP') ?? 0) >= 300 ? OUT_OF_ORDER : TIMER_EXPIRY;

function tell({ cause }: SupplementedSession, headers: SipHeader[]): void {
  if (cause === undefined || headers.some(([name]) => name.toLowerCase() === 'reason')) return;
  headers.push(['Reason', reasonOf(cause)]);
  if (cause === ELSEWHERE) headers.push(['Reason', ELSEWHERE_REASON]);
}
