// CHANNEL(pjsip,...): what an application may read of a call on the wire, as chan_pjsip names it.
import { hostPort } from './contact.ts';
import { parseNameAddress } from './name-address.ts';
import type { CallParts } from './session-parts.ts';
import { SipHeaders, type SipAddress } from './stack.ts';
import { parseUri } from './uri.ts';

type Named = Pick<CallParts, 'invite' | 'view'>;

const FIELDS: Readonly<Record<string, (call: Named) => string>> = {
  'call-id': (call) => headersOf(call).get('Call-ID') ?? '',
  secure: ({ invite }) =>
    parseUri((invite.of === 'theirs' ? invite.request.uri : invite.uri) ?? '')?.scheme === 'sips' ? '1' : '0',
  remote_addr: ({ view }) => shown(view.remote),
  local_addr: ({ invite }) => shown(invite.of === 'theirs' ? invite.request.receivedOn : undefined),
  local_uri: (call) => uriOf(call, call.invite.of === 'theirs' ? 'To' : 'From'),
  remote_uri: (call) => uriOf(call, call.invite.of === 'theirs' ? 'From' : 'To'),
  request_uri: ({ invite }) => (invite.of === 'theirs' ? invite.request.uri : invite.uri) ?? '',
};

/** Undefined when it is no such function; '' when nothing is known. */
export function readFunction(expression: string, call: Named): string | undefined {
  const [, field] = /^CHANNEL\(\s*pjsip\s*,\s*([a-z_-]+)\s*\)$/.exec(expression) ?? [];
  return field === undefined || !Object.hasOwn(FIELDS, field) ? undefined : FIELDS[field]!(call);
}

const headersOf = ({ invite }: Named): SipHeaders =>
  invite.of === 'theirs' ? invite.request.headers : new SipHeaders(invite.headers);

const uriOf = (call: Named, header: 'From' | 'To'): string =>
  parseNameAddress(headersOf(call).get(header) ?? '')?.uri ?? '';

const shown = (address: SipAddress | undefined): string => (address === undefined ? '' : hostPort(address));
