// What of a text message XMPP can say, and the stanza that says it (RFC 6121 5; of messages from SIP RFC 7572).
import { contentTypeOf } from '../../core/message-settings.ts';
import type { TextMessage } from '../../core/facts.ts';
import { Fault } from '../../errors.ts';
import { DELAY, RECEIPTS, STANZA_IDS } from './namespaces.ts';
import { element, isLegalText, stanza, type XmlElement } from './xml.ts';

/** What is written into it. */
export interface Written {
  readonly body: string;
  readonly subject: string | undefined;
  readonly thread: string | undefined;
  readonly lang: string | undefined;
  readonly type: string;
}

const TYPES: readonly string[] = ['chat', 'normal', 'headline'];

/**
 * Fails with a Fault: 'unsupported-media' when the body is no plain text, 'invalid' when XML cannot say it, or the type is
 * none of a message to one person. Variables that mean nothing in XMPP are passed over.
 */
export function writtenOf(text: TextMessage): Written {
  const variables = new Map(Object.entries(text.variables).map(([name, value]) => [name.toLowerCase(), value]));
  const said = (name: string): string | undefined => variables.get(name) || undefined;
  const type = said('xmpp_type') ?? 'chat';
  if (!TYPES.includes(type)) throw new Fault('invalid', `XMPP_TYPE "${type}" is none of ${TYPES.join(', ')}`);
  const written: Written = {
    // Whoever reads XML makes one of each end of line (XML 1.0, 2.11).
    body: plainText(text).replace(/\r\n?/g, '\n'),
    subject: said('subject'),
    thread: said('xmpp_thread') ?? said('call-id'),
    lang: said('content-language'),
    type,
  };
  for (const [name, value] of Object.entries(written))
    if (!isLegalText(value ?? '')) throw new Fault('invalid', `XML cannot say what is in the ${name}`);
  return written;
}

function plainText(text: TextMessage): string {
  const type = contentTypeOf(text) ?? 'text/plain';
  const [media, ...params] = type.split(';').map((each) => each.trim().toLowerCase());
  if (media !== 'text/plain') throw new Fault('unsupported-media', `XMPP carries text/plain, and not ${media}`);
  if (text.encoding === undefined) return text.body;
  const charset = params.find((each) => each.startsWith('charset='))?.slice('charset='.length) ?? 'utf-8';
  try {
    return new TextDecoder(charset.replaceAll('"', ''), { fatal: true }).decode(Buffer.from(text.body, 'base64'));
  } catch (cause) {
    throw new Fault('unsupported-media', `The body is no text in ${charset}`, { cause });
  }
}

/** On its way for longer than that, in milliseconds, it says since when. */
const LATE = 10_000;

export interface Envelope {
  readonly id: string;
  readonly from: string | undefined;
  readonly to: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly now: number;
}

/** The same id with each attempt, so that it can be known again (XEP-0359 3.1). */
export const messageOf = ({ body, subject, thread, lang, type }: Written, envelope: Envelope): XmlElement => {
  const { id, from, to, createdAt, now } = envelope;
  const isLate = now - createdAt > LATE;
  return stanza('message', { id, from, to, type, 'xml:lang': lang }, [
    stanza('body', {}, [body]),
    subject === undefined ? undefined : stanza('subject', {}, [subject]),
    thread === undefined ? undefined : stanza('thread', {}, [thread]),
    element(RECEIPTS, 'request'),
    element(STANZA_IDS, 'origin-id', { id }),
    isLate ? element(DELAY, 'delay', { stamp: new Date(createdAt).toISOString() }) : undefined,
  ]);
};
