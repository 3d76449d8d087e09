// From the schemas of the declarations to those of OpenAPI and AsyncAPI: models become references.
import type { TSchema } from 'typebox';

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Gathers the models that a document refers to. */
export class Components {
  readonly #schemas = new Map<string, unknown>();

  /** The schema as it stands in the document: a model by reference. */
  refer(schema: TSchema): unknown {
    return this.#refer(schema);
  }

  /** The models that were referred to, by name. */
  get schemas(): Record<string, unknown> {
    return Object.fromEntries([...this.#schemas].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  #refer(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((each) => this.#refer(each));
    if (!isJson(schema)) return schema;
    const { title } = schema;
    if (typeof title !== 'string') return this.#inside(schema);
    if (!this.#schemas.has(title)) {
      this.#schemas.set(title, undefined);
      this.#schemas.set(title, this.#inside(schema));
    }
    return { $ref: `#/components/schemas/${title}` };
  }

  #inside({ patternProperties, ...schema }: Json): Json {
    const members = Object.entries(schema).map(([name, value]) => [
      name,
      name === 'properties' && isJson(value)
        ? Object.fromEntries(Object.entries(value).map(([property, each]) => [property, this.#refer(each)]))
        : this.#refer(value),
    ]);
    const [values] = Object.values((patternProperties ?? {}) as Json);
    return {
      ...(Object.fromEntries(members) as Json),
      ...(values !== undefined && { additionalProperties: this.#refer(values) }),
    };
  }
}
