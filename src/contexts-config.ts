// The section of the configuration on where calls go: contexts of extensions, each with what takes a call.
import { Type, type Static } from 'typebox';
import { invalid } from './config-problems.ts';
import { duration } from './config-units.ts';
import { parseTarget } from './core/callers.ts';
import { parseExtension, type Contexts, type Route } from './core/routing.ts';
import { Fault } from './errors.ts';

const closed = { additionalProperties: false } as const;
const args = Type.Optional(Type.Array(Type.String(), { description: "The application's arguments." }));

const Broadcast = Type.Object(
  {
    apps: Type.String({ minLength: 1, description: 'A regular expression of the names of applications.' }),
    timeout: Type.Optional(Type.String({ description: 'How long they may claim it, 60s at most; 500ms if left out.' })),
    args,
    notify: Type.Optional(Type.Boolean({ description: 'Whether they are told who has claimed it.' })),
  },
  closed,
);

const Extension = Type.Object(
  {
    app: Type.Optional(Type.String({ minLength: 1, description: 'The application that takes the call.' })),
    args,
    dial: Type.Optional(
      Type.Array(Type.String(), { minItems: 1, description: 'Telephones: the first that answers takes the call.' }),
    ),
    timeout: Type.Optional(Type.String({ description: 'How long they ring; without it, for as long as it takes.' })),
    broadcast: Type.Optional(Broadcast),
  },
  closed,
);

export const ContextsConfig = Type.Record(Type.String(), Type.Record(Type.String(), Extension));

const kinds = ['app', 'dial', 'broadcast'] as const;
/** What else may stand beside each. */
const besides: Readonly<Record<(typeof kinds)[number], readonly string[]>> = {
  app: ['args'],
  dial: ['timeout'],
  broadcast: [],
};
/** As in Asterisk, in milliseconds. */
const CLAIM = '500ms';
const LONGEST_CLAIM = 60_000;

/** Fails with a Fault 'invalid' that says the path of what is wrong. */
export function contextsOf(contexts: Static<typeof ContextsConfig> = {}): Contexts {
  return Object.fromEntries(
    Object.entries(contexts).map(([name, extensions]) => [
      name,
      Object.fromEntries(
        Object.entries(extensions).map(([exten, given]) => {
          const path = `contexts.${name}.${exten}`;
          const places = parseExtension(exten);
          if (typeof places === 'string') throw invalid(`${path}: not an extension pattern: ${places}`);
          return [exten, routeOf(path, given)];
        }),
      ),
    ]),
  );
}

function routeOf(path: string, given: Static<typeof Extension>): Route {
  const [kind, ...others] = kinds.filter((each) => given[each] !== undefined);
  if (kind === undefined || others.length > 0) throw invalid(`${path}: expected one of app, dial and broadcast`);
  for (const key of Object.keys(given)) {
    if (key !== kind && !besides[kind].includes(key)) throw invalid(`${path}.${key}: does not go with ${kind}`);
  }
  const { app, args = [], dial, timeout, broadcast } = given;
  if (app !== undefined) return { app, args };
  if (dial !== undefined) {
    dial.forEach((each, index) => checkTarget(`${path}.dial.${index}`, each));
    return { dial, ...(timeout !== undefined && { timeout: duration(`${path}.timeout`, timeout) }) };
  }
  return { broadcast: broadcastOf(`${path}.broadcast`, broadcast!) };
}

function checkTarget(path: string, endpoint: string): void {
  try {
    parseTarget(endpoint);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw invalid(`${path}: expected a technology and an endpoint such as PJSIP/alice, found "${endpoint}"`);
  }
}

function broadcastOf(path: string, { apps, timeout = CLAIM, args = [], notify = false }: Static<typeof Broadcast>) {
  const milliseconds = duration(`${path}.timeout`, timeout);
  if (milliseconds > LONGEST_CLAIM) throw invalid(`${path}.timeout: expected 60s at most, found "${timeout}"`);
  return { apps: expression(`${path}.apps`, apps), timeout: milliseconds, args, notify };
}

function expression(path: string, text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw invalid(`${path}: not a regular expression: ${(error as Error).message}`);
  }
}
