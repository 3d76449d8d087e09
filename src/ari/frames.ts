// What a client sends over the WebSocket: requests, which are answered as over HTTP, and acknowledgements of events.
import { STATUS_CODES } from 'node:http';
import type { Static } from 'typebox';
import { Fault } from '../errors.ts';
import type { Claim } from './auth.ts';
import type { AriRequest, AriResponse, Opening, Outcome } from './dispatch.ts';
import type { JsonReader } from './parameters.ts';
import type { AriEvent } from './resources/events.ts';
import { OPERATION_ID } from './resources/channel.ts';
import { Ack, RESTRequest } from './resources/frames.ts';

export type RestResponse = Omit<Extract<AriEvent, { type: 'RESTResponse' }>, 'timestamp'>;
export type Acknowledgement = Static<typeof Ack>;

export interface FramesOptions {
  readonly reader: JsonReader;
  /** Whose requests they are. */
  readonly credentials: Claim | undefined;
  readonly dispatch: (request: AriRequest) => Outcome | Promise<Outcome>;
  /** Fails with a Fault 'invalid' when it cannot be one. */
  readonly acknowledge: (ack: Acknowledgement) => void;
}

/** Does what a frame says. Gives what is to be answered; nothing to an acknowledgement that is right. */
export async function answerFrame(text: string, options: FramesOptions): Promise<RestResponse | undefined> {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return { ...echoOf({}), status_code: 400, reason_phrase: 'Failed to parse request message JSON' };
  }
  const echo = echoOf(frame);
  const { reader, credentials, dispatch, acknowledge } = options;
  try {
    if (typeOf(frame) === 'Ack') {
      acknowledge(reader.read(Ack, frame) as Acknowledgement);
      return undefined;
    }
    const request = readRequest(frame, reader);
    return { ...echo, ...result(await dispatch(toAri(request, credentials))) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { message, code } = error;
    return {
      ...echo,
      status_code: 400,
      reason_phrase: 'Bad request',
      content_type: 'application/json',
      message_body: JSON.stringify({ message, code }),
    };
  }
}

type RestRequest = Static<typeof RESTRequest>;

const typeOf = (frame: unknown): unknown => (frame as { type?: unknown } | null)?.type;

function readRequest(frame: unknown, reader: JsonReader): RestRequest {
  if (typeOf(frame) !== 'RESTRequest') {
    throw new Fault('invalid', 'Parameter type: unknown request type', { code: 'invalid-parameter' });
  }
  const request = reader.read(RESTRequest, frame) as RestRequest;
  const { content_type: type = '', message_body: body = '' } = request;
  if (body !== '' && type !== 'application/json' && type !== 'application/x-www-form-urlencoded') {
    throw new Fault('invalid', 'Parameter content_type is none that a message_body may have', {
      code: 'invalid-parameter',
    });
  }
  return request;
}

const toAri = (
  { method, uri, content_type, message_body, query_strings = [], idempotency_key }: RestRequest,
  credentials: Claim | undefined,
): AriRequest => ({
  method: method.toUpperCase(),
  target: uri,
  over: 'websocket',
  credentials,
  contentType: content_type,
  body: message_body,
  parameters: query_strings,
  idempotencyKey: idempotency_key,
});

/** What the answer repeats of the request, however little of one it is. */
function echoOf(frame: unknown) {
  const { transaction_id, request_id, uri } = (frame ?? {}) as Partial<Record<string, unknown>>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    type: 'RESTResponse' as const,
    transaction_id: text(transaction_id),
    request_id: text(request_id),
    uri: text(uri).split('?')[0]!,
  };
}

function result(outcome: AriResponse | Opening) {
  if (outcome.kind === 'opening') throw new Error('a WebSocket cannot be opened in a WebSocket');
  const { status, headers, body } = outcome;
  const operation = headers[OPERATION_ID];
  return {
    status_code: status,
    reason_phrase: STATUS_CODES[status] ?? '',
    ...(operation !== undefined && { operation_id: operation }),
    ...(body !== undefined && { content_type: 'application/json', message_body: body }),
  };
}
