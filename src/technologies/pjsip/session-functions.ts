// CHANNEL(pjsip,...): what an application may read of a call on the wire, as chan_pjsip names it.
import { hostPort } from './contact.ts';
import { parseNameAddress } from './name-address.ts';
import type { Begun } from './session-parts.ts';
import type { SipAddress } from './stack.ts';
import { parseUri } from './uri.ts';

interface Named {
  readonly begun: Begun;
  /** Where the last message of the far end came from. */
  readonly remote: SipAddress | undefined;
}

const FIELDS: Readonly<Record<string, (call: Named) => string>> = {
  'call-id': ({ begun }) => begun.callId,
  secure: ({ begun }) => (parseUri(begun.uri)?.scheme === 'sips' ? '1' : '0'),
  remote_addr: ({ remote }) => shown(remote),
  local_addr: ({ begun }) => shown(begun.receivedOn),
  local_uri: ({ begun }) => uriOf(begun.of === 'theirs' ? begun.to : begun.from),
  remote_uri: ({ begun }) => uriOf(begun.of === 'theirs' ? begun.from : begun.to),
  request_uri: ({ begun }) => begun.uri,
};

/** Undefined when it is no such function; '' when nothing is known. */
export function readFunction(expression: string, call: Named): string | undefined {
  const [, field] = /^CHANNEL\(\s*pjsip\s*,\s*([a-z_-]+)\s*\)$/.exec(expression) ?? [];
  return field === undefined || !Object.hasOwn(FIELDS, field) ? undefined : FIELDS[field]!(call);
}

const uriOf = (address: string): string => parseNameAddress(address)?.uri ?? '';

const shown = (address: SipAddress | undefined): string => (address === undefined ? '' : hostPort(address));
