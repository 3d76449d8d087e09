// Configuration objects as lists of texts, which is how Asterisk's API writes them: out of what was written, and into it.
import { IsOptional, type TSchema } from 'typebox';
import Schema from 'typebox/schema';
import type { ConfigurationField } from '../../../core/configuration.ts';
import { Fault } from '../../../errors.ts';
import { didYouMean } from '../nearest.ts';
import { listOf } from './reading.ts';

/** The options of an object as they were written, before defaults; they fit the schema of its type. */
export type Written = Readonly<Record<string, unknown>>;
export type Options = Readonly<Record<string, TSchema>>;

/** What only those may see who may change it. */
const SECRETS: ReadonlySet<string> = new Set(['password', 'password_digest', 'md5_cred']);

/** All options, in the order of the schema: as they were written, else the default that `object` has for it, else empty. */
export function toFields(
  options: Options,
  written: Written,
  object: object,
  withSecrets: boolean,
): ConfigurationField[] {
  const defaults = object as Written;
  return Object.keys(options)
    .filter((attribute) => withSecrets || !SECRETS.has(attribute))
    .map((attribute) => ({ attribute, value: inText(options[attribute]!, written[attribute] ?? defaults[attribute]) }));
}

function inText(option: TSchema, value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map(nameOf).join(',');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (kindOf(option) === 'list') return listOf(String(value)).join(',');
  return String(value);
}

/** Of an object that is referred to, or of a text in a list. */
const nameOf = (each: unknown): string => (typeof each === 'string' ? each : (each as { readonly id: string }).id);

/**
 * What was written, changed by the fields: a list may be given as several fields of one name, of any other option the last
 * one counts, and an empty value takes an option away. `name` begins the message of a Fault 'invalid', which says what is
 * wrong with which option.
 */
export function fromFields(
  name: string,
  options: Options,
  before: Written,
  fields: readonly ConfigurationField[],
): Written {
  const given = new Map<string, string[]>();
  for (const { attribute, value } of fields) {
    if (!Object.hasOwn(options, attribute)) {
      const near = didYouMean(attribute, Object.keys(options));
      throw wrong(`${name} has no attribute "${attribute}"${near}`, 'unknown-attribute');
    }
    given.set(attribute, [...(given.get(attribute) ?? []), value]);
  }
  const after: Record<string, unknown> = { ...before };
  for (const [attribute, values] of given) {
    const value = read(`${name}.${attribute}`, options[attribute]!, values);
    if (value === undefined) delete after[attribute];
    else after[attribute] = value;
  }
  const missing = Object.keys(options).find((each) => !IsOptional(options[each]!) && after[each] === undefined);
  if (missing !== undefined) throw wrong(`${name} needs the attribute "${missing}"`);
  return after;
}

function read(path: string, option: TSchema, values: readonly string[]): unknown {
  const last = values.at(-1)!;
  if (values.every((each) => each === '')) return undefined;
  const value = valueOf(kindOf(option), values, last);
  const [isRight, errors] = Schema.Errors(option, value);
  if (isRight) return value;
  const allowed = errors.flatMap(({ params }) => ('allowedValue' in params ? [params.allowedValue] : []));
  const expected = allowed.length > 0 ? `must be one of ${allowed.join(', ')}` : errors[0]?.message;
  throw wrong(`${path}: "${last}" ${expected ?? 'is not allowed'}`);
}

type Kind = 'list' | 'yes or no' | 'number' | 'text';

function valueOf(kind: Kind, values: readonly string[], last: string): unknown {
  switch (kind) {
    case 'list':
      return values.flatMap(listOf);
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(last) ? Number(last) : last;
    case 'yes or no':
      if (/^(yes|true|y|t|1|on)$/i.test(last)) return 'yes';
      return /^(no|false|n|f|0|off)$/i.test(last) ? 'no' : last;
    case 'text':
      return last;
  }
}

function kindOf(option: TSchema): Kind {
  const { type, anyOf = [] } = option as { readonly type?: string; readonly anyOf?: readonly { type?: string }[] };
  if (type === 'integer' || type === 'number') return 'number';
  if (anyOf.some((each) => each.type === 'array')) return 'list';
  return anyOf.some((each) => each.type === 'boolean') ? 'yes or no' : 'text';
}

const wrong = (message: string, code = 'configuration'): Fault => new Fault('invalid', message, { code });
