// What a client says of the WebSocket when it opens it, and may send over it: requests, and acknowledgements.
import { Type } from 'typebox';

/** Of the request that opens the WebSocket. */
export const openingQuery = {
  app: Type.Array(Type.String(), {
    description: 'The applications to register. Whoever listened for one of them before is replaced.',
  }),
  subscribeAll: Type.Optional(
    Type.Boolean({ description: 'Whether an application that is not known yet follows everything.' }),
  ),
  extensions: Type.Optional(
    Type.Boolean({
      description: 'Whether events are sent, too, that ARI does not have: RegistrationStateChange.',
    }),
  ),
  since: Type.Optional(
    Type.String({
      description:
        'Sends first what came behind this cursor. For each application, in the order of app, divided by commas; one that is empty is not resumed. "last": behind what was acknowledged last.',
    }),
  ),
  persist: Type.Optional(
    Type.Boolean({
      description:
        'Whether the applications stay, and their events are kept, when the WebSocket closes: until DELETE /applications/{applicationName}.',
    }),
  ),
};

export const RESTQueryStringParameter = Type.Object(
  { name: Type.String({ description: 'Its name.' }), value: Type.String({ description: 'Its value.' }) },
  { title: 'RESTQueryStringParameter', description: 'One parameter of a request over the WebSocket.' },
);

/** Members with a default are required in ARI's documents alone. */
export const RESTRequest = Type.Object(
  {
    type: Type.String({ description: 'Always "RESTRequest".' }),
    transaction_id: Type.String({ default: '', description: 'Whatever the client likes: it comes back.' }),
    request_id: Type.String({ default: '', description: 'Whatever the client likes: it comes back.' }),
    method: Type.String({ description: 'The HTTP method.' }),
    uri: Type.String({ description: 'What follows "/ari/": channels/1700000000.1/answer. May have a query.' }),
    content_type: Type.Optional(
      Type.String({ description: 'Of the body: application/json or application/x-www-form-urlencoded.' }),
    ),
    query_strings: Type.Optional(
      Type.Array(RESTQueryStringParameter, { description: 'Further parameters, besides those of the uri.' }),
    ),
    message_body: Type.Optional(Type.String({ description: 'The body, as text.' })),
    idempotency_key: Type.Optional(
      Type.String({ description: 'As the header Idempotency-Key over HTTP: requests with the same are one.' }),
    ),
  },
  { title: 'RESTRequest', description: 'A request over the WebSocket.' },
);

export const Ack = Type.Object(
  {
    type: Type.Literal('Ack', { description: 'Always "Ack".' }),
    cursor: Type.String({ description: 'The cursor of the last event that was dealt with.' }),
    application: Type.Optional(
      Type.String({ description: 'Whose event it was; the first application of the WebSocket, if left out.' }),
    ),
  },
  { title: 'Ack', description: 'Sent by a client: since=last resumes behind this event. It is not answered.' },
);
