// Who the far end is, as it says, and whom it talks to, as it is told: P-Asserted-Identity (RFC 3325), Remote-Party-ID, Privacy (RFC 3323).
import type { Party } from '../../../core/facts.ts';
import { DatastoreKey } from '../datastores.ts';
import { formatNameAddress } from '../name-address.ts';
import type { EndpointObject } from '../objects/index.ts';
import type { SipHeader, SipMessage } from '../stack.ts';
import { ASSERTED, assertedOf, callerOf, NOBODY, REMOTE } from '../trust.ts';
import { formatUri, sipUri } from '../uri.ts';
import type { Supplement, SupplementedSession } from './supplement.ts';

interface Identities {
  /** Who the far end is. */
  far?: Party;
  /** Whom it was told last that it talks to. */
  told?: Party;
}

const IDENTITIES = new DatastoreKey<Identities>('identities');
const identitiesOf = ({ datastores }: SupplementedSession): Identities =>
  datastores.get(IDENTITIES) ?? datastores.add(IDENTITIES, {});

export const identity: Supplement = {
  name: 'identity',
  methods: ['INVITE', 'UPDATE'],

  incomingRequest(session, request) {
    if (session.channel !== undefined) return update(session, request);
    const { callerid } = session.endpoint;
    const far = callerOf(request, session.endpoint);
    // Known even if it does not count: when it says so again, nothing has changed.
    if (far !== undefined) identitiesOf(session).far = far;
    const caller = callerid ?? far;
    if (caller !== undefined) session.setCaller(caller);
  },

  incomingResponse(session, response) {
    if (response.status > 100 && response.status < 300) update(session, response);
  },

  outgoingRequest: (session, { headers }) => tell(session, headers),

  outgoingResponse(session, { status, headers }) {
    if (status > 100 && status < 300) tell(session, headers);
  },
};

/** A message within the call says who the far end is by now, if it is trusted with that; From says who it was. */
function update(session: SupplementedSession, message: SipMessage): void {
  if (!session.endpoint.trust_connected_line) return;
  const far = assertedOf(message, session.endpoint);
  const identities = identitiesOf(session);
  if (far === undefined || far.number === '' || isSame(far, identities.far)) return;
  identities.far = far;
  session.setCaller(far);
}

/** Whether it is worth a message of its own to tell the far end whom it talks to. */
export function isNews(session: SupplementedSession): boolean {
  const { endpoint, connected } = session;
  if (!endpoint.send_connected_line || !(endpoint.send_pai || endpoint.send_rpid)) return false;
  return isShown(connected, endpoint) && !isSame(connected, identitiesOf(session).told);
}

function tell(session: SupplementedSession, headers: SipHeader[]): void {
  const { connected, endpoint } = session;
  const has = (name: string): boolean => headers.some(([each]) => each.toLowerCase() === name.toLowerCase());
  if (!isShown(connected, endpoint) || !(endpoint.send_pai || endpoint.send_rpid)) return;
  const { name, number, isPrivate } = connected;
  const uri = formatUri(sipUri(number, endpoint.from_domain ?? session.host));
  const address = formatNameAddress({ name: inOneLine(name), uri, params: new Map() });
  const party = session.direction === 'outbound' ? 'calling' : 'called';
  if (endpoint.send_pai && !has(ASSERTED)) headers.push([ASSERTED, address]);
  if (endpoint.send_pai && isPrivate && !has('Privacy')) headers.push(['Privacy', 'id']);
  if (endpoint.send_rpid && !has(REMOTE))
    headers.push([REMOTE, `${address};party=${party};privacy=${isPrivate ? 'full' : 'off'};screen=no`]);
  identitiesOf(session).told = connected;
}

/** Without a number there is nobody to be told of; who does not want to be shown, is shown to the trusted alone. */
function isShown(party: Party | undefined, endpoint: EndpointObject): party is Party {
  return party !== undefined && party.number !== '' && (endpoint.trust_id_outbound || party.isPrivate !== true);
}

/** The From of an INVITE to the endpoint: who calls, if it may know that (RFC 3323 4.1.1.3); its own settings go before. */
export function fromOf(caller: Party | undefined, endpoint: EndpointObject, host: string): string {
  if (caller?.isPrivate === true && !endpoint.trust_id_outbound) return ANONYMOUS;
  const user = endpoint.from_user ?? (caller?.number || endpoint.id);
  const uri = formatUri(sipUri(user, endpoint.from_domain ?? host));
  return formatNameAddress({ name: inOneLine(caller?.name ?? ''), uri, params: new Map() });
}

const ANONYMOUS = `"Anonymous" <sip:anonymous@${NOBODY}>`;

const isSame = (one: Party, other: Party | undefined): boolean =>
  one.name === other?.name && one.number === other.number && one.isPrivate === other.isPrivate;

const inOneLine = (name: string): string => name.replace(/[\u0000-\u001f\u007f]/g, ' ');
