// The Swagger documents against the surface of Asterisk's: what exists is equal, what is absent is absent.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ApiDocuments } from '../../src/ari/docs/index.ts';
import { resources } from '../../src/ari/resources/index.ts';
import { api } from './api.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly dataType: string;
  readonly required: boolean;
  readonly allowMultiple: boolean;
  readonly default?: unknown;
  readonly allowable?: { readonly values: readonly string[] } | { readonly min: number };
}
interface Operation {
  readonly resource: string;
  readonly path: string;
  readonly httpMethod: string;
  readonly nickname: string;
  readonly since: readonly string[];
  readonly response: string;
  readonly upgradeWebsocket: boolean;
  readonly websocketProtocol: string | null;
  readonly parameters: readonly Parameter[];
  readonly errorCodes: readonly number[];
}
interface Property {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly enum?: readonly string[];
}
interface Model {
  readonly name: string;
  readonly file: string;
  readonly extends: string | null;
  readonly discriminator: string | null;
  readonly subTypes: readonly string[];
  readonly properties: readonly Property[];
}

const surface = JSON.parse(readFileSync(join(import.meta.dirname, '../data/ari/surface.json'), 'utf8')) as {
  readonly resources: readonly { resource: string; apiVersion: string; since: string[] }[];
  readonly operations: readonly Operation[];
  readonly models: readonly Model[];
};

/** Where a document says something else than Asterisk's, and why. */
const differences: Readonly<Record<string, { readonly enum: readonly string[]; readonly why: string }>> = {
  'Channel.state': {
    enum: [
      'Down',
      'Rsrvd',
      'OffHook',
      'Dialing',
      'Ring',
      'Ringing',
      'Up',
      'Busy',
      'Dialing Offhook',
      'Pre-ring',
      'Mute',
      'Unknown',
    ],
    why: 'Asterisk sends "Rsrvd" and "Mute", its documents say "Rsrved" and nothing',
  },
};

const tracked = {
  response: 'StoredMessage',
  why: 'an empty 202 says nothing of where to ask what becomes of the message',
};
/** Operations that answer something else than Asterisk's, and why. */
const responses: Readonly<Record<string, { readonly response: string; readonly why: string }>> = {
  'endpoints.sendMessage': tracked,
  'endpoints.sendMessageToEndpoint': tracked,
};

/** What Asterisk does not have. */
const additions = {
  resources: ['messages', 'registrations'],
  models: [
    ...[
      'Ack',
      'ApplicationSnapshot',
      'ChannelOperationFinished',
      'EventsLost',
      'MessageStateChange',
      'Registration',
      'RegistrationStateChange',
    ],
    'StoredMessage',
  ],
  /** Of resources that it has. */
  operations: ['applications.persist', 'applications.unpersist', 'applications.snapshot'],
  /** Of operations that it has. */
  parameters: {
    'endpoints.sendMessage': ['encoding', 'expires'],
    'endpoints.sendMessageToEndpoint': ['encoding', 'expires'],
    'events.eventWebsocket': ['extensions', 'persist', 'since'],
  } as Readonly<Record<string, readonly string[]>>,
  errorCodes: {
    ...{ 'bridges.create': [400, 503], 'bridges.createWithId': [400, 503], 'bridges.addChannel': [503] },
    'endpoints.sendMessage': [413, 415, 503],
    'endpoints.sendMessageToEndpoint': [413, 415, 503],
  } as Readonly<Record<string, readonly number[]>>,
  /** Of models that it has. */
  properties: {
    Application: ['message_ids', 'persistent'],
    ChannelDestroyed: ['reason'],
    RESTRequest: ['idempotency_key'],
    Event: ['cursor', 'operation_id'],
    StasisEnd: ['reason'],
    TextMessage: ['encoding', 'id'],
  } as Readonly<Record<string, readonly string[]>>,
};

interface Swagger {
  readonly apiVersion: string;
  readonly since: readonly string[];
  readonly apis: readonly { path: string; operations: readonly Record<string, never>[] }[];
  readonly models: Readonly<Record<string, Record<string, never>>>;
}

const documents = new ApiDocuments(resources);
const files = resources.map(({ name }) => [name, documents.find(`${name}.json`, 'h') as Swagger] as const);

/** A document in the words of the surface. */
const declaredOperations: Operation[] = files.flatMap(([resource, { apis }]) =>
  apis.flatMap(({ path, operations }) =>
    operations.map((each) => ({
      resource,
      path,
      httpMethod: each['httpMethod']!,
      nickname: each['nickname']!,
      since: each['since']!,
      response: each['responseClass']!,
      upgradeWebsocket: each['upgrade'] === 'websocket',
      websocketProtocol: each['websocketProtocol'] ?? null,
      parameters: (each['parameters']! as Record<string, never>[]).map((parameter) => ({
        name: parameter['name']!,
        in: parameter['paramType']!,
        dataType: parameter['dataType']!,
        required: parameter['required']!,
        allowMultiple: parameter['allowMultiple']!,
        ...('defaultValue' in parameter && { default: parameter['defaultValue'] }),
        ...('allowableValues' in parameter && {
          allowable: {
            type: parameter['allowableValues']['valueType'],
            ...('min' in (parameter['allowableValues'] as object)
              ? { min: parameter['allowableValues']['min'] }
              : { values: parameter['allowableValues']['values'] }),
          },
        }),
      })),
      errorCodes: (each['errorResponses']! as { code: number }[]).map(({ code }) => code),
    })),
  ),
);

const nameOf = ({ resource, nickname }: Operation): string => `${resource}.${nickname}`;
const isAdded = (each: Operation): boolean =>
  additions.resources.includes(each.resource) || additions.operations.includes(nameOf(each));

const operations = declaredOperations
  .filter((each) => !isAdded(each))
  .map((each) => ({
    ...each,
    parameters: each.parameters.filter(({ name }) => additions.parameters[nameOf(each)]?.includes(name) !== true),
    errorCodes: each.errorCodes.filter((code) => additions.errorCodes[nameOf(each)]?.includes(code) !== true),
  }));

const declaredModels: Model[] = files.flatMap(([resource, { models }]) =>
  Object.entries(models).map(([name, model]) => ({
    name,
    file: `${resource}.json`,
    extends: model['extends'] ?? null,
    discriminator: model['discriminator'] ?? null,
    subTypes: model['subTypes'] ?? [],
    properties: Object.entries(model['properties']! as Record<string, Record<string, never>>).map(
      ([property, { type, required, allowableValues }]) => ({
        name: property,
        type: type!,
        required: required!,
        ...(allowableValues !== undefined && { enum: allowableValues['values'] }),
      }),
    ),
  })),
);

const models = declaredModels
  .filter(({ name }) => !additions.models.includes(name))
  .map((each) => ({
    ...each,
    subTypes: each.subTypes.filter((name) => !additions.models.includes(name)),
    properties: each.properties.filter(({ name }) => additions.properties[each.name]?.includes(name) !== true),
  }));

test('what is added to Asterisk is in the list, and the list is of what is added', () => {
  const added = <T>(ours: readonly T[], theirs: readonly T[]): T[] => ours.filter((each) => !theirs.includes(each));
  expect(
    added(
      files.map(([resource]) => resource),
      surface.resources.map(({ resource }) => resource),
    ),
  ).toEqual(additions.resources);
  expect(
    added(
      declaredModels.map(({ name }) => name),
      surface.models.map(({ name }) => name),
    ).toSorted(),
  ).toEqual(additions.models);
  const ofResources = (all: readonly Operation[]): string[] =>
    all.filter(({ resource }) => !additions.resources.includes(resource)).map(nameOf);
  expect(added(ofResources(declaredOperations), ofResources(surface.operations))).toEqual(additions.operations);
  const operation = (all: readonly Operation[], name: string): Operation => all.find((each) => nameOf(each) === name)!;
  const parameters = (all: readonly Operation[], name: string): string[] =>
    operation(all, name).parameters.map((each) => each.name);
  for (const [name, expected] of Object.entries(additions.parameters))
    expect(added(parameters(declaredOperations, name), parameters(surface.operations, name)).toSorted()).toEqual(
      expected,
    );
  for (const [name, expected] of Object.entries(additions.errorCodes)) {
    const { errorCodes } = operation(surface.operations, name);
    expect(added(operation(declaredOperations, name).errorCodes, errorCodes).toSorted()).toEqual(expected);
  }
  const properties = (all: readonly Model[], name: string): string[] =>
    all.find((each) => each.name === name)!.properties.map((each) => each.name);
  for (const [name, expected] of Object.entries(additions.properties))
    expect(added(properties(declaredModels, name), properties(surface.models, name)).toSorted()).toEqual(expected);
});
const byName = (one: { name: string }, other: { name: string }): number => (one.name < other.name ? -1 : 1);

test.each(operations.map((each) => [`${each.resource}.${each.nickname}`, each] as const))(
  'the operation %s is declared as by Asterisk',
  (_, operation) => {
    const { resource, nickname } = operation;
    const difference = responses[nameOf(operation)];
    const theirs = surface.operations.find((each) => each.resource === resource && each.nickname === nickname);
    const sorted = (each: Operation | undefined) =>
      each && {
        ...each,
        errorCodes: each.errorCodes.toSorted((one, other) => one - other),
        parameters: each.parameters.toSorted(byName),
      };
    expect(sorted(operation)).toEqual({ ...sorted(theirs), ...(difference && { response: difference.response }) });
  },
);

const known = new Set(models.map(({ name }) => name));
const isAbsentModel = (type: string): boolean => surface.models.some(({ name }) => name === type) && !known.has(type);

test.each(models.map((each) => [each.name, each] as const))(
  'the model %s is declared as by Asterisk',
  (name, model) => {
    const theirs = surface.models.find((each) => each.name === name)!;
    const { file, discriminator, properties } = theirs;
    expect({ ...model, subTypes: model.subTypes.toSorted(), properties: model.properties.toSorted(byName) }).toEqual({
      name,
      file,
      extends: theirs.extends,
      discriminator,
      subTypes: theirs.subTypes.filter((each) => known.has(each)).toSorted(),
      properties: properties
        .filter(({ type }) => !isAbsentModel(type))
        .map((each) => ({
          ...each,
          ...(`${name}.${each.name}` in differences && { enum: differences[`${name}.${each.name}`]!.enum }),
        }))
        .toSorted(byName),
    });
  },
);

test('every resource says the same version and beginning as that of Asterisk', () => {
  for (const [resource, { apiVersion, since }] of files) {
    if (additions.resources.includes(resource)) continue;
    const theirs = surface.resources.find((each) => each.resource === resource)!;
    expect({ resource, apiVersion, since }).toEqual({ resource, apiVersion: theirs.apiVersion, since: theirs.since });
  }
});

test('every operation that is not declared answers 404', async () => {
  const { ask } = api();
  const declared = new Set(operations.map(({ httpMethod, path }) => `${httpMethod} ${path}`));
  const absent = surface.operations.filter(({ httpMethod, path }) => !declared.has(`${httpMethod} ${path}`));
  expect(absent.length).toBe(surface.operations.length - operations.length);
  for (const { httpMethod, path } of absent) {
    const { status, body } = await ask(httpMethod, `/ari${path.replaceAll(/\{\w+\}/g, 'x')}`);
    expect([httpMethod, path, status, body]).toEqual([
      httpMethod,
      path,
      404,
      { message: 'Resource not found', code: 'resource-not-found' },
    ]);
  }
});
