// The sections of the configuration on what is kept: messages, and events.
import { Type, type Static } from 'typebox';
import { invalid } from './config-problems.ts';
import { duration, mediaType, size } from './config-units.ts';
import type { MessageSettings } from './core/message-settings.ts';
import { parseExtension } from './core/routing.ts';

const closed = { additionalProperties: false } as const;

export const MessagesConfig = Type.Object(
  {
    store: Type.Optional(Type.Boolean({ description: 'Whether a message waits for its endpoint.' })),
    expires: Type.Optional(Type.String({ description: 'How long it waits at most.' })),
    max_size: Type.Optional(Type.String({ description: 'Of a body.' })),
    refuse_types: Type.Optional(Type.Array(Type.String(), { description: 'Media types.' })),
    routes: Type.Optional(
      Type.Array(
        Type.Object(
          {
            to: Type.String({ minLength: 1, description: 'An extension pattern.' }),
            deliver: Type.Enum(['applications', 'endpoint', 'both']),
            endpoint: Type.Optional(Type.String({ minLength: 1 })),
          },
          closed,
        ),
      ),
    ),
  },
  closed,
);

export const EventsConfig = Type.Object(
  {
    journal: Type.Optional(Type.Boolean({ description: 'Whether events are kept for who comes back.' })),
    max_age: Type.Optional(Type.String()),
    max_size: Type.Optional(Type.String({ description: 'Of all that is kept for one application.' })),
  },
  closed,
);

/** What of the core's settings can be configured. */
export type ConfiguredMessages = Pick<MessageSettings, 'store' | 'expires' | 'maxSize' | 'refuseTypes' | 'routes'>;

/** How events are kept for applications that come back. */
export interface EventSettings {
  readonly journal: boolean;
  /** In milliseconds. */
  readonly maxAge: number;
  /** For each application. */
  readonly maxBytes: number;
}

/** Fails with a Fault 'invalid'. */
export function messageSettings(messages: Static<typeof MessagesConfig> = {}): ConfiguredMessages {
  const {
    store = true,
    expires = '72h',
    max_size: maxSize = '64KiB',
    refuse_types: types = [],
    routes = [],
  } = messages;
  for (const [index, { to, deliver, endpoint }] of routes.entries()) {
    const places = parseExtension(to);
    if (typeof places === 'string') throw invalid(`messages.routes.${index}.to: not an extension pattern: ${places}`);
    if (endpoint !== undefined && deliver === 'applications')
      throw invalid(
        `messages.routes.${index}.endpoint: nothing is delivered to it; expected deliver: endpoint or both`,
      );
  }
  return {
    store,
    expires: duration('messages.expires', expires),
    maxSize: size('messages.max_size', maxSize),
    refuseTypes: types.map((each, index) => mediaType(`messages.refuse_types.${index}`, each)),
    routes,
  };
}

/** Fails with a Fault 'invalid'. */
export const eventSettings = ({
  journal = true,
  max_age: maxAge = '24h',
  max_size: maxSize = '64MiB',
}: Static<typeof EventsConfig> = {}): EventSettings => ({
  journal,
  maxAge: duration('events.max_age', maxAge),
  maxBytes: size('events.max_size', maxSize),
});
