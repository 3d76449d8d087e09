// What is known of a message that came: its body, what its elements say as variables, and as which message it counts.
import { createHash } from 'node:crypto';
import type { TextMessage } from '../../core/facts.ts';
import { bareOf, formatJid, unescapeLocal, type Jid } from './jid.ts';
import { DELAY, STANZA_IDS } from './namespaces.ts';
import { childOf, childrenOf, textOf, type XmlElement } from './xml.ts';

/** Its text; of several the one without a language of its own. Undefined when it has none: then it is no text message. */
export function bodyOf(message: XmlElement): string | undefined {
  const bodies = childrenOf(message, 'body');
  const body = bodies.find(({ attrs }) => attrs['xml:lang'] === undefined) ?? bodies[0];
  return body && textOf(body);
}

export interface Addresses {
  readonly from: Jid;
  readonly to: Jid;
}

/** As the application gets it. The addresses are written so that they can be answered. */
export const receivedText = (message: XmlElement, body: string, { from, to }: Addresses): TextMessage => ({
  from: `xmpp:${formatJid(from)}`,
  to: `xmpp:${bareOf(to)}`,
  body,
  variables: defined({
    'Content-Type': 'text/plain',
    Subject: said(message, 'subject'),
    'Content-Language': message.attrs['xml:lang'],
    XMPP_TYPE: message.attrs['type'] ?? 'normal',
    XMPP_THREAD: said(message, 'thread'),
    XMPP_ID: message.attrs['id'],
    XMPP_RESOURCE: from.resource,
    XMPP_DELAY: childOf(message, 'delay', DELAY)?.attrs['stamp'],
  }),
});

/** What of them goes along to someone else: in a header of SIP a subject is one line. */
export const onwardOf = ({ variables }: TextMessage): Record<string, string> =>
  defined({
    'Content-Type': variables['Content-Type'],
    Subject: variables['Subject']?.replace(/\s*[\r\n]+\s*/g, ' '),
    'Content-Language': variables['Content-Language'],
    XMPP_TYPE: variables['XMPP_TYPE'],
    XMPP_THREAD: variables['XMPP_THREAD'],
  });

/** Who sent it, as other technologies can write it. */
export const senderName = ({ local, domain }: Jid): string =>
  local === undefined ? domain : `${unescapeLocal(local)}@${domain}`;

/** For whom it is: the name before the domain. */
export const recipientName = ({ local }: Jid): string => (local === undefined ? '' : unescapeLocal(local));

/**
 * As which message of its sender it counts (XEP-0359 3.1): the sender's own id of it. Undefined when the sender gives none,
 * for an `id` alone need not be another with the next message.
 */
export function keyOf(message: XmlElement, from: Jid): string | undefined {
  const id = childOf(message, 'origin-id', STANZA_IDS)?.attrs['id'];
  if (id === undefined || id === '') return undefined;
  return createHash('sha256')
    .update(`${bareOf(from)}\0${id}`)
    .digest('base64url');
}

const said = (message: XmlElement, name: string): string | undefined => {
  const child = childOf(message, name);
  return (child && textOf(child)) || undefined;
};

const defined = (all: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(all).filter((each): each is [string, string] => each[1] !== undefined));
