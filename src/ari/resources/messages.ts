// Text messages that are kept, and what has become of them: beyond ARI.
import { Type } from 'typebox';
import type { MessageQuery, MessageSnapshot, MessageState } from '../../core/message.ts';
import { Fault } from '../../errors.ts';
import { endpointId, parseEndpointId, type EndpointId } from '../../ids.ts';
import { Answer, del, get, type Resource } from '../resource.ts';
import { readMoment } from '../time.ts';
import { messageJson, StoredMessage } from './message.ts';

const LONGEST_PAGE = 1_000;
const STATES: readonly MessageState[] = ['queued', 'sent', 'delivered', 'failed', 'expired'];
const DIRECTIONS: readonly MessageSnapshot['direction'][] = ['inbound', 'outbound'];

const params = { messageId: Type.String({ description: "The message's id." }) };
const noMessage = { 404: 'There is no such message.' };
const filter = (description: string) => Type.Optional(Type.String({ description }));

interface Wanted {
  readonly endpoint?: string;
  readonly direction?: string;
  readonly state?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly after?: string;
}

const invalid = (message: string): Fault => new Fault('invalid', message, { code: 'invalid-parameter' });

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw invalid(`Parameter ${name}: expected one of ${allowed.join(', ')}`);
  return found;
}

/** The technology in any case. */
function endpointOf(text: string): EndpointId {
  const key = parseEndpointId(text);
  if (key === undefined) throw invalid('Parameter endpoint: expected a technology and a resource: PJSIP/alice');
  return endpointId({ ...key, tech: key.tech.toUpperCase() });
}

function momentOf(name: string, text: string): number {
  const at = readMoment(text);
  if (at === undefined) throw invalid(`Parameter ${name}: expected a moment such as 2026-11-20T19:03:43.702Z`);
  return at;
}

const queryOf = ({ endpoint, direction, state, since, until, after }: Wanted): Omit<MessageQuery, 'limit'> => ({
  ...(endpoint !== undefined && { endpoint: endpointOf(endpoint) }),
  ...(direction !== undefined && { direction: oneOf('direction', direction, DIRECTIONS) }),
  ...(state !== undefined && { states: state.map((each) => oneOf('state', each, STATES)) }),
  ...(since !== undefined && { since: momentOf('since', since) }),
  ...(until !== undefined && { until: momentOf('until', until) }),
  ...(after !== undefined && { after }),
});

/** Where the next page is, in the words of RFC 8288. */
function linkToNext(wanted: Wanted, limit: number, after: string): Readonly<Record<string, string>> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...wanted, limit, after })) query.set(name, String(value));
  return { Link: `</ari/messages?${query.toString()}>; rel="next"` };
}

export const messages: Resource = {
  name: 'messages',
  description: 'Text messages that are kept, and what has become of them.',
  since: ['Arion 0.3.0'],
  models: [{ schema: StoredMessage }],
  operations: [
    get(
      '/messages',
      {
        nickname: 'list',
        summary: 'Lists messages in the order of their ids, a page at a time.',
        description: 'Where more follow, the header Link says where the next page is.',
        since: ['Arion 0.3.0'],
        query: {
          endpoint: filter('Those of one endpoint: PJSIP/alice.'),
          direction: filter('Those in one direction: inbound or outbound.'),
          state: Type.Optional(
            Type.Array(Type.String(), { description: `Those in one of these states: ${STATES.join(', ')}.` }),
          ),
          since: filter('Those that were accepted at this moment or later.'),
          until: filter('Those that were accepted before this moment.'),
          after: filter('The id of the last one of the page before.'),
          limit: Type.Optional(
            Type.Integer({ default: 100, description: `How many a page has: 1 to ${LONGEST_PAGE}, 100 if left out.` }),
          ),
        },
        returns: Type.Array(StoredMessage),
        errors: { 400: 'A parameter is malformed.' },
      },
      async ({ query: { limit = 100, ...wanted } }, { messages }) => {
        if (limit < 1 || limit > LONGEST_PAGE) throw invalid(`Parameter limit is not between 1 and ${LONGEST_PAGE}`);
        // One more, to know whether more follow.
        const found = await messages.list({ ...queryOf(wanted), limit: limit + 1 });
        const page = found.slice(0, limit);
        const last = found.length > limit ? page.at(-1) : undefined;
        return new Answer(page.map(messageJson), last === undefined ? {} : linkToNext(wanted, limit, last.id));
      },
    ),

    get(
      '/messages/{messageId}',
      {
        nickname: 'get',
        summary: 'Shows a message.',
        since: ['Arion 0.3.0'],
        params,
        returns: StoredMessage,
        errors: noMessage,
      },
      async ({ params: { messageId } }, { messages }) => messageJson(await messages.get(messageId)),
    ),

    del(
      '/messages/{messageId}',
      {
        nickname: 'cancel',
        summary: 'Gives up a message that is queued.',
        since: ['Arion 0.3.0'],
        params,
        returns: StoredMessage,
        errors: { ...noMessage, 409: 'It is not queued any more.' },
      },
      async ({ params: { messageId } }, { messages }) => messageJson(await messages.cancel(messageId)),
    ),
  ],
};
