// Endpoints: who can send to us and be reached, and how each wants to be treated.
import { Type, type Static } from 'typebox';
import { acl, ACL_OPTIONS, type AclObject } from './acl.ts';
import type { AuthObject } from './auth.ts';
import type { GlobalOptions } from './global.ts';
import { identity, IDENTITY_OPTIONS, type IdentityObject } from './identity.ts';
import { closed, count, existing, isYes, list, listOf, oneOf, text, wrong, yesNo } from './reading.ts';

/** Ways to recognise the sender of a request. */
export const IDENTIFIERS = ['ip', 'username', 'auth_username', 'header', 'request_uri', 'anonymous'] as const;
export type IdentifierName = (typeof IDENTIFIERS)[number];

/** Codecs that an offer or an answer can name. */
export const CODECS = ['ulaw', 'alaw', 'g722', 'opus', 'gsm', 'g729'] as const;
export type Codec = (typeof CODECS)[number];

/** How media is encrypted: not at all, by keys in SDP (RFC 4568), by DTLS-SRTP (RFC 5763). */
const MEDIA_ENCRYPTIONS = ['no', 'sdes', 'dtls'] as const;
export type MediaEncryption = (typeof MEDIA_ENCRYPTIONS)[number];
export const EndpointOptions = Type.Object(
  {
    context: Type.Optional(text),
    language: Type.Optional(text),
    auth: Type.Optional(list),
    outbound_auth: Type.Optional(list),
    aors: Type.Optional(list),
    identify_by: Type.Optional(list),
    from_user: Type.Optional(text),
    from_domain: Type.Optional(text),
    allow: Type.Optional(list),
    allow_overlap: Type.Optional(yesNo),
    webrtc: Type.Optional(yesNo),
    media_encryption: Type.Optional(text),
    rewrite_contact: Type.Optional(yesNo),
    device_state_busy_at: Type.Optional(count),
    allow_transfer: Type.Optional(yesNo),
    ...IDENTITY_OPTIONS,
    ...ACL_OPTIONS,
  },
  closed,
);

export interface EndpointObject extends IdentityObject {
  readonly id: string;
  readonly context: string;
  readonly language: string;
  /** Whose credentials let a request of this endpoint in; none: no proof is asked for. */
  readonly auth: readonly AuthObject[];
  /** With what we answer its challenges. */
  readonly outbound_auth: readonly AuthObject[];
  /** Names of its addresses of record, whose contacts `Location` knows. */
  readonly aors: readonly string[];
  readonly identify_by: readonly IdentifierName[];
  readonly from_user: string | undefined;
  readonly from_domain: string | undefined;
  readonly allow: readonly Codec[];
  /** Whether an incomplete number is told as such, with 484. */
  readonly allow_overlap: boolean;
  /** It is a browser: ICE, one transport for everything (BUNDLE, rtcp-mux), DTLS-SRTP. */
  readonly webrtc: boolean;
  readonly media_encryption: MediaEncryption;
  /** Whether its contacts are reached where its requests come from, whatever they say of themselves. */
  readonly rewrite_contact: boolean;
  /** The number of channels from which on it is busy; 0 for never. */
  readonly device_state_busy_at: number;
  /** Whether it may have a call transferred by REFER (RFC 3515). */
  readonly allow_transfer: boolean;
  /** Besides the global ones. */
  readonly acl: AclObject;
}

/** Being anonymous is nothing that an endpoint can choose. */
const OF_ENDPOINTS = IDENTIFIERS.filter((each) => each !== 'anonymous');

export function endpoint(
  id: string,
  written: Static<typeof EndpointOptions>,
  defaults: Static<typeof GlobalOptions>,
  auths: ReadonlyMap<string, AuthObject>,
  aors: ReadonlyMap<string, { readonly id: string }>,
): EndpointObject {
  const path = `pjsip.endpoint.${id}`;
  const authsOf = (option: 'auth' | 'outbound_auth'): AuthObject[] =>
    listOf(written[option]).map((name) => existing(`${path}.${option}`, 'auth', name, auths));
  return {
    id,
    context: written.context ?? defaults.context ?? 'default',
    language: written.language ?? defaults.language ?? 'en',
    auth: authsOf('auth'),
    outbound_auth: authsOf('outbound_auth'),
    aors: listOf(written.aors).map((name) => existing(`${path}.aors`, 'aor', name, aors).id),
    identify_by: listOf(written.identify_by ?? 'username,ip').map((each) =>
      oneOf(`${path}.identify_by`, each, OF_ENDPOINTS),
    ),
    from_user: written.from_user,
    from_domain: written.from_domain,
    allow: listOf(written.allow ?? 'ulaw,alaw,g722,opus').map((each) => oneOf(`${path}.allow`, each, CODECS)),
    allow_overlap: isYes(written.allow_overlap, true),
    webrtc: isYes(written.webrtc, false),
    media_encryption: mediaEncryption(path, written),
    rewrite_contact: isYes(written.rewrite_contact, false),
    device_state_busy_at: written.device_state_busy_at ?? 0,
    allow_transfer: isYes(written.allow_transfer, true),
    ...identity(path, written),
    acl: acl(path, id, written),
  };
}

/** What `webrtc` implies cannot be contradicted. */
function mediaEncryption(path: string, written: Static<typeof EndpointOptions>): MediaEncryption {
  const isBrowser = isYes(written.webrtc, false);
  const { media_encryption: named = isBrowser ? 'dtls' : 'no' } = written;
  const chosen = oneOf(`${path}.media_encryption`, named, MEDIA_ENCRYPTIONS);
  if (isBrowser && chosen !== 'dtls') throw wrong(`${path}.media_encryption`, `"${chosen}" does not go with webrtc`);
  return chosen;
}
