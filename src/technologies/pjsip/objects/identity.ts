// Who an endpoint is told that it talks to, and what it is believed to say of itself: the part of its options that is of identity.
import { Type, type Static } from 'typebox';
import type { Party } from '../../../core/facts.ts';
import { isYes, oneOf, text, yesNo } from './reading.ts';

/** How a changed party is told within a call: "invite" and "reinvite" mean by UPDATE if the far end allows it, else by INVITE. */
const CONNECTED_LINE_METHODS = ['invite', 'reinvite', 'update'] as const;
export type ConnectedLineMethod = (typeof CONNECTED_LINE_METHODS)[number];

const SCREENINGS = ['not_screened', 'passed_screen', 'failed_screen'];
const of = (presentation: string): string[] => [presentation, ...SCREENINGS.map((each) => `${presentation}_${each}`)];
/** Asterisk's presentations. How far somebody has screened the number is not kept. */
const HIDDEN = [...of('prohib'), 'unavailable'];
const PRIVACIES = [...of('allowed'), ...HIDDEN];

export const IDENTITY_OPTIONS = {
  callerid: Type.Optional(text),
  callerid_privacy: Type.Optional(text),
  trust_id_inbound: Type.Optional(yesNo),
  trust_id_outbound: Type.Optional(yesNo),
  send_pai: Type.Optional(yesNo),
  send_rpid: Type.Optional(yesNo),
  send_diversion: Type.Optional(yesNo),
  send_connected_line: Type.Optional(yesNo),
  trust_connected_line: Type.Optional(yesNo),
  connected_line_method: Type.Optional(text),
};

export interface IdentityObject {
  readonly callerid: Party | undefined;
  /** Of `callerid`. */
  readonly callerid_privacy: string;
  /** Whether its From and P-Asserted-Identity (RFC 3325) are believed, whoever they name. */
  readonly trust_id_inbound: boolean;
  /** Whether it learns of those who do not want to be shown. */
  readonly trust_id_outbound: boolean;
  /** Whether P-Asserted-Identity tells it whom it talks to. */
  readonly send_pai: boolean;
  /** Whether Remote-Party-ID does. */
  readonly send_rpid: boolean;
  /** Whether Diversion (RFC 5806) tells it from whom a call was diverted. */
  readonly send_diversion: boolean;
  /** Whether it is told within a call that it talks to somebody else now. */
  readonly send_connected_line: boolean;
  /** Whether it is believed when it tells so, given that it is trusted at all. */
  readonly trust_connected_line: boolean;
  readonly connected_line_method: ConnectedLineMethod;
}

/** With Asterisk's defaults. Fails with a Fault 'invalid'. */
export function identity(
  path: string,
  written: Static<ReturnType<typeof Type.Object<typeof IDENTITY_OPTIONS>>>,
): IdentityObject {
  const privacy = oneOf(`${path}.callerid_privacy`, written.callerid_privacy ?? 'allowed_not_screened', PRIVACIES);
  return {
    callerid: callerId(written.callerid, HIDDEN.includes(privacy)),
    callerid_privacy: privacy,
    trust_id_inbound: isYes(written.trust_id_inbound, false),
    trust_id_outbound: isYes(written.trust_id_outbound, false),
    send_pai: isYes(written.send_pai, false),
    send_rpid: isYes(written.send_rpid, false),
    send_diversion: isYes(written.send_diversion, true),
    send_connected_line: isYes(written.send_connected_line, true),
    trust_connected_line: isYes(written.trust_connected_line, true),
    connected_line_method: oneOf(
      `${path}.connected_line_method`,
      written.connected_line_method ?? 'invite',
      CONNECTED_LINE_METHODS,
    ),
  };
}

/** `"Name" <number>`, `Name <number>`, a number alone, or a name alone. */
function callerId(text: string | undefined, isPrivate: boolean): Party | undefined {
  if (text === undefined) return undefined;
  const [, name = '', number] = /^([^<]*)<([^>]*)>\s*$/.exec(text) ?? [];
  const privacy = isPrivate ? ({ isPrivate } as const) : {};
  if (number !== undefined) return { name: unquoted(name), number: number.trim(), ...privacy };
  const isNumber = /^[\d+*#\s]+$/.test(text);
  return { name: isNumber ? '' : unquoted(text), number: isNumber ? text.trim() : '', ...privacy };
}

const unquoted = (text: string): string => text.trim().replace(/^"(.*)"$/, '$1');
