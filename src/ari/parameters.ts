// How the parameters of a request are read: by Asterisk's rules, into what the schemas say.
//
// Pairs of a form come first, then those of the query; the last of a name wins. Then the members of a JSON document do.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { IsOptional, type TProperties, type TSchema } from 'typebox';
import { Fault } from '../errors.ts';
import type { Operation } from './resource.ts';

export interface Sent {
  readonly query: URLSearchParams;
  readonly form?: URLSearchParams;
  /** The JSON document, if there was one. */
  readonly json?: Readonly<Record<string, unknown>>;
}

/** A list in one text has fewer values than this. */
const TOO_MANY = 128;

/** Reads a body by its content type; one of another type is ignored. Fails with a Fault 'invalid'. */
export function readBody(contentType: string | undefined, text: string): Pick<Sent, 'form' | 'json'> {
  const type = contentType?.split(';')[0]!.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return { form: new URLSearchParams(text) };
  if (type !== 'application/json' || text.trim() === '') return {};
  const json = parse(text);
  if (json === null) return {};
  if (typeof json !== 'object' || Array.isArray(json)) {
    throw new Fault('invalid', 'The request body is not a JSON object', { code: 'malformed-body' });
  }
  return { json: json as Record<string, unknown> };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('invalid', 'Error parsing request body', { code: 'malformed-body', cause });
  }
}

/** Fails with a Fault 'invalid' that names the parameter. */
export function readQuery(schemas: TProperties, { query, form, json }: Sent): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name in schemas) {
    const schema = schemas[name]!;
    const text = query.getAll(name).at(-1) ?? form?.getAll(name).at(-1);
    const value =
      json !== undefined && Object.hasOwn(json, name)
        ? fromJson(name, schema, json[name])
        : text !== undefined
          ? fromText(name, schema, text)
          : undefined;
    if (value !== undefined && !(value === '' && isRequired(schema))) values[name] = value;
    else if (isRequired(schema)) {
      throw new Fault('invalid', `Missing parameter ${name}`, { code: 'missing-parameter' });
    } else if (!IsOptional(schema)) values[name] = defaultOf(schema);
  }
  return values;
}

const kindOf = (schema: TSchema): unknown => (schema as { type?: unknown }).type;
const defaultOf = (schema: TSchema): unknown => (schema as { default?: unknown }).default;

/** Not only in ARI's documents: see `Declaration.query`. */
export const isRequired = (schema: TSchema): boolean => !IsOptional(schema) && defaultOf(schema) === undefined;

function fromText(name: string, schema: TSchema, text: string): unknown {
  switch (kindOf(schema)) {
    case 'array':
      return limited(name, text.split(','));
    case 'integer':
      return Number.parseInt(text, 10) || 0;
    case 'boolean':
      return /^(yes|true|y|t|1|on)$/i.test(text);
    default:
      return text;
  }
}

/** What is of another type than it should be reads as C reads it in Asterisk: no text, no number, not true. */
function fromJson(name: string, schema: TSchema, value: unknown): unknown {
  switch (kindOf(schema)) {
    case 'array':
      return limited(
        name,
        (Array.isArray(value) ? value : [value]).map((each) => listed(name, each)),
      );
    case 'integer':
      return Number.isInteger(value) ? value : 0;
    case 'boolean':
      return value === true;
    default:
      return typeof value === 'string' ? value : undefined;
  }
}

function listed(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Fault('invalid', `Parameter ${name} is not a list of texts`, { code: 'invalid-parameter' });
}

function limited(name: string, values: readonly string[]): readonly string[] | undefined {
  if (values.length >= TOO_MANY) {
    throw new Fault('invalid', `Too many values for ${name}`, { code: 'invalid-parameter' });
  }
  return values.length === 0 ? undefined : values;
}

/** Checks JSON documents against schemas, each compiled once. */
export class JsonReader {
  readonly #ajv = new Ajv({ useDefaults: true });
  readonly #validators = new Map<TSchema, ValidateFunction>();

  /** Gives the document, with its defaults filled in. Fails with a Fault 'invalid' that names the parameter. */
  read(schema: TSchema, document: unknown): unknown {
    const known = this.#validators.get(schema);
    const validate = known ?? this.#ajv.compile(schema);
    if (known === undefined) this.#validators.set(schema, validate);
    if (validate(document)) return document;
    const [error] = validate.errors ?? [];
    throw error?.keyword === 'required' ? missing(error) : malformed(error);
  }

  /** Of an operation. One that was not sent is empty. */
  readOf({ body }: Operation, { json = {} }: Sent): unknown {
    return body === undefined ? {} : this.read(body.schema, json);
  }
}

const nameOf = (path: string): string => path.slice(1).replaceAll('/', '.');

const missing = ({ instancePath, params }: ErrorObject): Fault =>
  new Fault('invalid', `Missing parameter ${nameOf(`${instancePath}/${String(params['missingProperty'])}`)}`, {
    code: 'missing-parameter',
  });

const malformed = (error: ErrorObject | undefined): Fault =>
  new Fault('invalid', `Parameter ${nameOf(error?.instancePath ?? '')} ${error?.message ?? 'is malformed'}`, {
    code: 'invalid-parameter',
  });
