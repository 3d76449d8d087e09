// A text message outside of calls, as it is kept: what it says, where it goes, and what has become of it.
import type { EndpointId } from '../ids.ts';
import type { Endpoint } from './endpoint.ts';
import type { TextMessage } from './facts.ts';

/** The same words for every technology. A message ends in exactly one of the last three. */
export type MessageState = 'queued' | 'sent' | 'delivered' | 'failed' | 'expired';

export interface MessageSnapshot {
  /** Later ones are greater, as text. */
  readonly id: string;
  /** Seen from here: "inbound" has come from its endpoint, "outbound" goes to it. */
  readonly direction: 'inbound' | 'outbound';
  readonly endpoint: EndpointId;
  readonly state: MessageState;
  readonly text: TextMessage;
  /** What the technology said last: for SIP the status and the reason phrase; or why we gave up. */
  readonly status?: number;
  readonly reason?: string;
  /** Where it was delivered, or was tried last. */
  readonly contact?: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** Milliseconds since 1970: when it was accepted, when its state changed, when it is given up. */
  readonly createdAt: number;
  readonly changedAt: number;
  readonly expiresAt: number;
}

/** A message that is to be sent. */
export interface MessageDraft {
  readonly text: TextMessage;
  /** Two drafts with the same key are one message: the second is not sent again, and the first is the answer. */
  readonly key?: string;
  /** Milliseconds from now; the configured time, if left out. */
  readonly expires?: number;
}

/** A message that has come, from an endpoint that is known. */
export interface IncomingMessage {
  readonly endpoint: Endpoint;
  readonly text: TextMessage;
  /** Two messages of one endpoint with the same key are one: for SIP the Call-ID and the CSeq number. */
  readonly key: string;
  /** For whom it is: for SIP the user part of the Request-URI. What the routes look at. */
  readonly recipient: string;
  /** How technologies address what is theirs: "pjsip". */
  readonly scheme: string;
  /** Who sent it, as other technologies can write it: "alice@example.org". The address of its own, if left out. */
  readonly sender?: string;
  /** What of the variables goes along when it is given to another endpoint: the type of the body, if left out. */
  readonly onward?: Readonly<Record<string, string>>;
  /** Milliseconds since 1970; when the sender no longer wants it delivered. */
  readonly expiresAt?: number;
}

/**
 * Whom a message that has come is given to. `endpoint` is the address in the sender's own technology, or in the one that it
 * names ("xmpp:alice"; after "xmpp:" alone the recipient is meant); the recipient if left out.
 */
export interface MessageRoute {
  /** An extension pattern, for the recipient. */
  readonly to: string;
  readonly deliver: 'applications' | 'endpoint' | 'both';
  readonly endpoint?: string;
}

/** Which of the kept messages are wanted; what is left out does not count. */
export interface MessageQuery {
  readonly endpoint?: string;
  readonly direction?: MessageSnapshot['direction'];
  readonly states?: readonly MessageState[];
  /** Milliseconds since 1970: accepted then or later; before then. */
  readonly since?: number;
  readonly until?: number;
  /** Only those behind this id. */
  readonly after?: string;
  readonly limit: number;
}

/** A new one, and how long it is tried. */
export function newMessage(
  { id, direction, endpoint, state, text }: Pick<MessageSnapshot, 'id' | 'direction' | 'endpoint' | 'state' | 'text'>,
  { createdAt, expiresAt }: Pick<MessageSnapshot, 'createdAt' | 'expiresAt'>,
): MessageSnapshot {
  return {
    id,
    direction,
    endpoint,
    state,
    text: { id, ...text },
    attempts: 0,
    createdAt,
    changedAt: createdAt,
    expiresAt,
  };
}

/** The message with what has become of it. Member by member: what is made for each message by spreading is large, and lives on. */
export function changed(
  message: MessageSnapshot,
  changes: Partial<Pick<MessageSnapshot, 'state' | 'status' | 'reason' | 'contact' | 'attempts'>>,
  changedAt: number,
): MessageSnapshot {
  const { id, direction, endpoint, text, createdAt, expiresAt } = message;
  const { state = message.state, attempts = message.attempts } = changes;
  const { status = message.status, reason = message.reason, contact = message.contact } = changes;
  const now: { -readonly [Name in keyof MessageSnapshot]: MessageSnapshot[Name] } = {
    id,
    direction,
    endpoint,
    state,
    text,
    attempts,
    createdAt,
    changedAt,
    expiresAt,
  };
  if (status !== undefined) now.status = status;
  if (reason !== undefined) now.reason = reason;
  if (contact !== undefined) now.contact = contact;
  return now;
}
