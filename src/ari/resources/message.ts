// A text message, as the API takes it and shows what has become of it.
import { isUtf8 } from 'node:buffer';
import { Type, type Static } from 'typebox';
import type { MessageDraft, MessageSnapshot } from '../../core/message.ts';
import { Fault } from '../../errors.ts';
import { Moment, momentJson } from '../time.ts';

export const StoredMessage = Type.Object(
  {
    id: Type.String({ description: 'Its name; a later message has a greater one, as text.' }),
    direction: Type.Enum(['inbound', 'outbound'], {
      type: 'string',
      description: 'Whether it has come from its endpoint, or goes to it.',
    }),
    endpoint: Type.String({ description: 'Whose message it is: PJSIP/alice.' }),
    state: Type.Enum(['queued', 'sent', 'delivered', 'failed', 'expired'], {
      type: 'string',
      description: 'What has become of it. It ends as delivered, failed or expired.',
    }),
    status: Type.Optional(Type.Integer({ description: "The technology's last answer: for SIP the status." })),
    reason: Type.Optional(Type.String({ description: 'That answer in words, or why it was given up.' })),
    contact: Type.Optional(Type.String({ description: 'Where it was delivered, or was tried last.' })),
    attempts: Type.Integer({ description: 'How often it was tried.' }),
    from: Type.String({ description: 'Who sent it.' }),
    to: Type.String({ description: 'To whom.' }),
    body: Type.String({ description: 'The text; bytes that are no text in base64.' }),
    encoding: Type.Optional(
      Type.Enum(['base64'], { type: 'string', description: 'Of the body, where it is not the text itself.' }),
    ),
    variables: Type.Record(Type.String(), Type.String(), { description: "The technology's headers, by name." }),
    created: Moment('When it was accepted.'),
    changed: Moment('When its state has changed last.'),
    expires: Moment('When it is given up.'),
  },
  { title: 'StoredMessage', description: 'A text message, and what has become of it.' },
);

/** Put together member by member, since it runs for each state of each message: with spreads it takes more than twice as long. */
export function messageJson(message: MessageSnapshot): Static<typeof StoredMessage> {
  const { id, direction, endpoint, state, status, reason, contact, text } = message;
  const json: Partial<Static<typeof StoredMessage>> = { id, direction, endpoint, state };
  if (status !== undefined) json.status = status;
  if (reason !== undefined) json.reason = reason;
  if (contact !== undefined) json.contact = contact;
  json.attempts = message.attempts;
  json.from = text.from;
  json.to = text.to;
  json.body = text.body;
  if (text.encoding !== undefined) json.encoding = text.encoding;
  json.variables = text.variables;
  json.created = momentJson(message.createdAt);
  json.changed = momentJson(message.changedAt);
  json.expires = momentJson(message.expiresAt);
  return json as Static<typeof StoredMessage>;
}

/** Ten years, in seconds. */
const LONGEST_WAIT = 315_360_000;

/** What is said of a message that is to be sent, besides to whom. */
export const sending = {
  from: Type.String({ default: '', description: 'Who it is from: an address of the technology.' }),
  body: Type.Optional(Type.String({ description: 'The text.' })),
  encoding: Type.Optional(
    Type.String({
      enum: ['base64'],
      description: 'Of the body, where it is not the text itself: base64 for any bytes.',
    }),
  ),
  expires: Type.Optional(
    Type.Integer({ description: 'How many seconds it may wait to be delivered; as configured if left out.' }),
  ),
};

interface Sending {
  readonly from: string;
  readonly body?: string;
  readonly encoding?: string;
  readonly expires?: number;
}

/** `key` is the draft's. Fails with a Fault 'invalid' that names the parameter. */
export function draftOf(
  to: string,
  { from, body = '', encoding, expires }: Sending,
  { variables = {} }: { readonly variables?: Readonly<Record<string, string>> },
  key: string | undefined,
): MessageDraft {
  if (expires !== undefined && (expires < 1 || expires > LONGEST_WAIT))
    throw invalid(`Parameter expires is not between 1 and ${LONGEST_WAIT}`);
  if (encoding !== undefined && encoding !== 'base64') throw invalid('Parameter encoding is not base64');
  return {
    text: { to, from, ...(encoding === undefined ? { body } : decoded(body)), variables },
    ...(key !== undefined && { key }),
    ...(expires !== undefined && { expires: expires * 1_000 }),
  };
}

/** Bytes that are text become the text. */
function decoded(body: string): { readonly body: string; readonly encoding?: 'base64' } {
  const bytes = Buffer.from(body, 'base64');
  if (bytes.toString('base64') !== body) throw invalid('Parameter body is not base64');
  return isUtf8(bytes) ? { body: bytes.toString() } : { body, encoding: 'base64' };
}

const invalid = (message: string): Fault => new Fault('invalid', message, { code: 'invalid-parameter' });
