// The declarations in the spelling of Asterisk's Swagger documents, which existing clients read.
import { IsOptional, type TSchema } from 'typebox';
import type { Model, Operation, Resource } from '../resource.ts';

/** JSON Schema's words for a schema, as far as the declarations use them. */
interface Words {
  readonly type?: string;
  readonly title?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly items?: TSchema;
}

export const API_VERSION = '2.0.0';
const common = (basePath: string | undefined) => ({
  apiVersion: API_VERSION,
  swaggerVersion: '1.2',
  ...(basePath !== undefined && { basePath }),
});

/** The index. Without a base path, which must be absolute, there is none in it. */
export const swaggerIndex = (resources: readonly Resource[], basePath: string | undefined) => ({
  ...common(basePath),
  apis: resources.map(({ name, description }) => ({ path: `/api-docs/${name}.{format}`, description })),
});

export function swaggerResource(resource: Resource, basePath: string | undefined) {
  const paths = new Set(resource.operations.map(({ path }) => path));
  return {
    ...common(basePath),
    since: resource.since,
    resourcePath: `/api-docs/${resource.name}.{format}`,
    requiresModules: [],
    apis: [...paths].map((path) => ({
      path,
      description: resource.description,
      operations: resource.operations.filter((each) => each.path === path).map(swaggerOperation),
    })),
    models: Object.fromEntries(
      resource.models.map((model) => [words(model.schema).title, swaggerModel(model, resource.models)]),
    ),
  };
}

const swaggerOperation = (operation: Operation) => ({
  httpMethod: operation.method,
  since: operation.since,
  summary: operation.summary,
  ...(operation.description !== undefined && { notes: operation.description }),
  nickname: operation.nickname,
  responseClass: operation.returns === undefined ? 'void' : dataType(operation.returns),
  ...(operation.handle === undefined && { upgrade: 'websocket', websocketProtocol: 'ari' }),
  parameters: [
    ...Object.entries(operation.params ?? {}).map(([name, schema]) => parameter('path', name, schema)),
    ...Object.entries(operation.query ?? {}).map(([name, schema]) => parameter('query', name, schema)),
    ...(operation.body === undefined ? [] : [bodyParameter(operation.body)]),
  ],
  errorResponses: Object.entries(operation.errors ?? {}).map(([code, reason]) => ({ code: Number(code), reason })),
});

function parameter(paramType: 'path' | 'query', name: string, schema: TSchema) {
  const { items, description, default: defaultValue, ...own } = words(schema);
  const isRequired = !IsOptional(schema);
  return {
    name,
    description,
    paramType,
    required: isRequired,
    allowMultiple: items !== undefined,
    dataType: dataType(items ?? schema),
    ...(defaultValue !== undefined && !isRequired && { defaultValue }),
    ...allowable(items === undefined ? own.enum : words(items).enum),
    ...(own.minimum !== undefined && { allowableValues: { valueType: 'RANGE', min: own.minimum } }),
  };
}

const bodyParameter = ({ name, description, required, dataType }: NonNullable<Operation['body']>) => ({
  name,
  description,
  paramType: 'body',
  required,
  allowMultiple: false,
  dataType,
});

function swaggerModel({ schema, extends: parent, discriminator }: Model, models: readonly Model[]) {
  const subTypes = models.filter((each) => each.extends === schema).map((each) => words(each.schema).title);
  const inherited = parent?.properties ?? {};
  const own = Object.entries(schema.properties).filter(([name]) => !(name in inherited));
  return {
    id: words(schema).title,
    ...(parent !== undefined && { extends: words(parent).title }),
    description: words(schema).description,
    ...(discriminator !== undefined && { discriminator }),
    ...(subTypes.length > 0 && { subTypes }),
    properties: Object.fromEntries(own.map(([name, property]) => [name, swaggerProperty(property)])),
  };
}

const swaggerProperty = (schema: TSchema) => ({
  required: !IsOptional(schema),
  type: dataType(schema),
  description: words(schema).description,
  ...allowable(words(schema).enum),
});

const allowable = (values: readonly string[] | undefined) =>
  values === undefined ? {} : { allowableValues: { valueType: 'LIST', values } };

const words = (schema: TSchema): Words => schema;

/** The name of a type, as Asterisk's documents have it. */
function dataType(schema: TSchema): string {
  const { title, type, format, items } = words(schema);
  if (title !== undefined) return title;
  if (items !== undefined) return `List[${dataType(items)}]`;
  if (type === 'string') return format === 'ari-date' ? 'Date' : 'string';
  if (type === 'integer') return format === 'int64' ? 'long' : 'int';
  if (type === 'number') return 'double';
  return type ?? 'object';
}
