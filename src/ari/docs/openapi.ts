// The declarations as an OpenAPI 3.1 document.
import type { TSchema } from 'typebox';
import { isRequired } from '../parameters.ts';
import type { Operation, Resource } from '../resource.ts';
import { Components } from './schemas.ts';
import { API_VERSION } from './swagger.ts';

export function openApi(resources: readonly Resource[]): object {
  const components = new Components();
  const paths: Record<string, Record<string, object>> = {};
  for (const { name, operations } of resources) {
    for (const operation of operations) {
      const path = (paths[operation.path] ??= {});
      path[operation.method.toLowerCase()] = operationOf(name, operation, components);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Arion',
      version: API_VERSION,
      description:
        'A telephony API that speaks Asterisk’s REST interface (ARI). Parameters of the query may as well be members of a JSON body, which win, or of a form.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/ari' }],
    security: [{ basic: [] }, { apiKey: [] }],
    tags: resources.map(({ name, description }) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        apiKey: { type: 'apiKey', in: 'query', name: 'api_key', description: 'The user, a colon, and the password.' },
      },
      parameters: { IdempotencyKey: idempotencyKey },
      schemas: { Error: errorSchema, ...components.schemas },
    },
  };
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'Requests with the same one within 24 hours are one request: it has its effect once, and each gets the same answer, the later ones with the header Idempotency-Replayed.',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const errorSchema = {
  type: 'object',
  description: 'Why a request was refused.',
  required: ['message', 'code'],
  properties: {
    message: { type: 'string', description: 'For people.' },
    code: { type: 'string', description: 'For programs: it does not change with the words.' },
  },
};

const operationOf = (tag: string, operation: Operation, components: Components) => ({
  tags: [tag],
  operationId: `${tag}.${operation.nickname}`,
  summary: operation.summary,
  ...(operation.description !== undefined && { description: operation.description }),
  parameters: [
    ...Object.entries(operation.params ?? {}).map(([name, schema]) => parameter('path', name, schema, components)),
    ...Object.entries(operation.query ?? {}).map(([name, schema]) => parameter('query', name, schema, components)),
    ...(operation.method === 'GET' ? [] : [{ $ref: '#/components/parameters/IdempotencyKey' }]),
  ],
  ...(operation.body !== undefined && {
    requestBody: {
      description: operation.body.description,
      required: operation.body.required,
      content: content(components.refer(operation.body.schema)),
    },
  }),
  responses: { ...success(operation, components), ...refusals(operation) },
});

function parameter(place: 'path' | 'query', name: string, schema: TSchema, components: Components) {
  const { description, ...rest } = components.refer(schema) as { description?: string };
  return {
    name,
    in: place,
    description,
    required: place === 'path' || isRequired(schema),
    ...(place === 'query' && 'items' in rest && { style: 'form', explode: false }),
    schema: rest,
  };
}

function success(operation: Operation, components: Components): Record<string, object> {
  const { handle, returns, empty = 204, status, headers = {} } = operation;
  if (handle === undefined)
    return { 101: { description: 'The WebSocket is open. asyncapi.json says what it carries.' } };
  const code = returns === undefined ? empty : (status ?? 200);
  const description = code === 202 ? 'Accepted.' : 'Done.';
  const described = Object.entries(headers).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ]);
  return {
    [code]: {
      description,
      ...(described.length > 0 && { headers: Object.fromEntries(described) as object }),
      ...(returns !== undefined && { content: content(components.refer(returns)) }),
    },
  };
}

const refusals = ({ method, errors = {}, handle }: Operation): Record<string, object> =>
  Object.fromEntries(
    Object.entries({
      ...errors,
      401: 'The credentials are missing or wrong.',
      ...(method !== 'GET' && { 403: 'The user may only read.', 422: unprocessable(errors) }),
      ...(handle === undefined && { 400: 'No application, or an empty name.', 426: 'The request is no upgrade.' }),
    }).map(([code, description]) => [code, { description, content: content({ $ref: '#/components/schemas/Error' }) }]),
  );

/** Every unsafe operation may be refused for its key, and some for what they name. */
const unprocessable = ({ 422: own }: Readonly<Record<number, string>>): string =>
  [...(own === undefined ? [] : [own]), 'Another request had this Idempotency-Key.'].join(' ');

const content = (schema: unknown) => ({ 'application/json': { schema } });
