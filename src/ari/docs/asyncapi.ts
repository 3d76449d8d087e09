// The WebSocket as an AsyncAPI 3 document.
import { Type, type TObject } from 'typebox';
import { Event, eventModels } from '../resources/events.ts';
import { Ack, RESTRequest } from '../resources/frames.ts';
import { Components } from './schemas.ts';
import { API_VERSION } from './swagger.ts';

const RESPONSE = 'RESTResponse';

const { application, asterisk_id, cursor } = Event.properties;

/** What stands in the journal, or in the place of what does not: not what is said to one WebSocket alone. */
const isCounted = (schema: TObject): boolean =>
  schema !== eventModels.ApplicationReplaced && schema !== eventModels.RESTResponse;

/** An event with all that it carries when it is sent. */
const sent = (schema: TObject): TObject =>
  Type.Object(
    { ...schema.properties, application, asterisk_id, ...(isCounted(schema) && { cursor }) },
    { title: (schema as { title?: string }).title!, description: (schema as { description?: string }).description! },
  );

const message = (name: string) => ({ $ref: `#/channels/events/messages/${name}` });

const upgradeQuery = {
  type: 'object',
  required: ['app'],
  properties: {
    app: { type: 'string', description: 'The applications to register, divided by commas.' },
    subscribeAll: { type: 'boolean', description: 'Whether a new application follows everything.' },
    extensions: { type: 'boolean', description: 'Whether events are sent, too, that ARI does not have.' },
    since: { type: 'string', description: 'The cursors behind which to go on, in the order of app; or "last".' },
    persist: { type: 'boolean', description: 'Whether the applications stay when the WebSocket closes.' },
  },
};

export function asyncApi(): object {
  const components = new Components();
  const schemas: Record<string, TObject> = { RESTRequest, Ack };
  for (const [name, schema] of Object.entries(eventModels)) schemas[name] = sent(schema);
  const messages = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      {
        name,
        summary: (schema as { description?: string }).description,
        contentType: 'application/json',
        payload: components.refer(schema),
      },
    ]),
  );
  const events = Object.keys(eventModels).filter((name) => name !== RESPONSE);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Arion: the WebSocket',
      version: API_VERSION,
      description: 'Events of applications, and requests of the REST interface and their answers. One message a frame.',
      license: { name: 'MIT' },
    },
    servers: {
      arion: {
        host: 'localhost:8088',
        pathname: '/ari',
        protocol: 'ws',
        security: [
          { type: 'http', scheme: 'basic' },
          { type: 'httpApiKey', in: 'query', name: 'api_key' },
        ],
      },
    },
    defaultContentType: 'application/json',
    channels: {
      events: {
        address: '/events',
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: 'GET', query: upgradeQuery } },
      },
    },
    operations: {
      tell: { action: 'send', channel: { $ref: '#/channels/events' }, messages: events.map(message) },
      acknowledge: { action: 'receive', channel: { $ref: '#/channels/events' }, messages: [message('Ack')] },
      answer: {
        action: 'receive',
        channel: { $ref: '#/channels/events' },
        messages: [message('RESTRequest')],
        reply: { channel: { $ref: '#/channels/events' }, messages: [message(RESPONSE)] },
      },
    },
    components: { messages, schemas: components.schemas },
  };
}
