// What every event has in common.
import { Type, type TProperties } from 'typebox';
import { Moment } from '../time.ts';

export const Message = Type.Object(
  {
    type: Type.String({ description: 'What kind of message it is.' }),
    asterisk_id: Type.Optional(Type.String({ description: 'Which server sent it.' })),
  },
  { title: 'Message', description: 'Whatever is sent over the WebSocket.' },
);

const timestamp = Moment('When it happened.');

const operation_id = Type.Optional(
  Type.String({ description: 'The operation that caused it, where one did: as the header Operation-Id said.' }),
);

/** What every event carries besides its own. `application`, `asterisk_id` and `cursor` are added when it is sent. */
export const Event = Type.Object(
  {
    ...Message.properties,
    application: Type.String({ description: 'The application that it is for.' }),
    timestamp,
    operation_id,
    cursor: Type.Optional(
      Type.String({
        description: 'Where it is among the events of the application: what to resume from, see `since`.',
      }),
    ),
  },
  { title: 'Event', description: 'Something that happened.' },
);

export const event = <const Name extends string, P extends TProperties>(
  name: Name,
  description: string,
  properties: P,
) => Type.Object({ type: Type.Literal(name), timestamp, operation_id, ...properties }, { title: name, description });
