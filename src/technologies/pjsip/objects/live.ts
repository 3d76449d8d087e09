// The configuration objects as they are now: those of the file, which stay, and those that were made at run time.
//
// A change is tried first, so that it holds whole or not at all; then it is on disk; then it holds; then whoever depends
// on it follows; then it is confirmed. The maps and lists are the same ones for good: who has one sees every change.
import Schema from 'typebox/schema';
import type { Store } from '../../../core/store.ts';
import { Fault } from '../../../errors.ts';
import { inWords, type Log } from '../log.ts';
import { Works } from '../work.ts';
import type { Written } from './fields.ts';
import { authDefaults } from './global.ts';
import {
  resolvePjsip,
  type EndpointObject,
  type IdentifyObject,
  type PjsipConfig,
  type PjsipObjects,
} from './index.ts';
import {
  OBJECT_TYPES,
  referrers,
  TYPES,
  type AnyObject,
  type General,
  type ObjectMaps,
  type ObjectName,
} from './types.ts';

export interface LiveObjectsParts {
  readonly config: PjsipConfig;
  readonly store: Store;
  readonly log: Log;
  /** Why such objects may not be; undefined when they may. */
  readonly problemOf: (objects: Pick<PjsipObjects, 'endpoints' | 'identifies'>) => string | undefined;
}

/** `before` is undefined for an object that is new, `after` for one that is gone. */
export interface ObjectChange extends ObjectName {
  readonly before: AnyObject | undefined;
  readonly after: AnyObject | undefined;
}

export interface FoundObject {
  readonly written: Written;
  readonly object: AnyObject;
}

/** How many objects may be made at run time, and how many changes may wait. */
const LIMITS = { objects: 100_000, changes: 1_000 };

export class LiveObjects implements PjsipObjects {
  readonly global: PjsipObjects['global'];
  readonly acls: PjsipObjects['acls'];
  readonly domainAliases: PjsipObjects['domainAliases'];
  readonly auths: ObjectMaps['auths'];
  readonly aors: ObjectMaps['aors'];
  readonly endpoints: ObjectMaps['endpoints'];
  readonly registrations: ObjectMaps['registrations'];
  readonly identifies: IdentifyObject[];
  readonly #parts: LiveObjectsParts;
  readonly #maps: ObjectMaps;
  readonly #general: General;
  /** What was written of those that were made at run time, by key. */
  readonly #stored = new Map<string, Written>();
  readonly #works = new Works({ limit: LIMITS.changes });
  readonly #handlers = new Set<(changes: readonly ObjectChange[]) => Promise<void> | void>();

  /** Fails with a Fault 'invalid' when the file's objects do not fit together. */
  constructor(parts: LiveObjectsParts) {
    const { config } = parts;
    const resolved = resolvePjsip(config);
    const mapOf = <O>(objects: ReadonlyMap<string, O>): Map<string, O> => new Map(objects);
    this.#parts = parts;
    this.global = resolved.global;
    this.acls = resolved.acls;
    this.domainAliases = resolved.domainAliases;
    this.auths = mapOf(resolved.auths);
    this.aors = mapOf(resolved.aors);
    this.endpoints = mapOf(resolved.endpoints);
    this.registrations = mapOf(resolved.registrations);
    this.identifies = [...resolved.identifies];
    const identifies = new Map(this.identifies.map((each) => [each.id, each]));
    this.#maps = {
      auths: this.auths,
      aors: this.aors,
      endpoints: this.endpoints,
      registrations: this.registrations,
      identifies,
    };
    this.#general = { global: config.global ?? {}, auth: authDefaults(config.global ?? {}) };
  }

  get metrics(): { readonly objects: number; readonly limit: number } {
    return { objects: this.#stored.size, limit: LIMITS.objects };
  }

  /** Reads those that were made at run time before. One that no longer fits is told, and left where it is. */
  async load(): Promise<void> {
    const { store, log } = this.#parts;
    for (const type of OBJECT_TYPES) {
      for await (const [key, value] of store.range(keyOf({ type, id: '' }))) {
        const name = { type, id: key.slice(keyOf({ type, id: '' }).length) };
        try {
          if (this.isFixed(name)) throw new Fault('conflict', 'the file has one of the same name');
          const written = JSON.parse(value) as Written;
          if (!Schema.Check(TYPES[type].schema, written)) throw new Fault('invalid', 'an option is not as it must be');
          this.#hold(this.#try(name, written));
          this.#stored.set(key, written);
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          log('error', `The ${type} "${name.id}", made at run time, is left out: ${error.message}`);
        }
      }
    }
    this.#orderIdentifies();
  }

  /** Told every change when it holds. What is confirmed waits for it; what it throws is logged, and undoes nothing. */
  onChange(handler: (changes: readonly ObjectChange[]) => Promise<void> | void): void {
    this.#handlers.add(handler);
  }

  find(name: ObjectName): FoundObject | undefined {
    const object = TYPES[name.type].of(this.#maps).get(name.id);
    return object && { written: this.#writtenOf(name), object };
  }

  /** Whether it comes from the file. */
  isFixed({ type, id }: ObjectName): boolean {
    return Object.hasOwn(this.#parts.config[type] ?? {}, id);
  }

  /**
   * Makes an object, or makes it anew, out of what `decide` makes of what was written before. Fails as `decide` does, and
   * with a Fault: 'invalid' when something in it cannot be, 'forbidden' when it comes from the file or there are too many,
   * 'unavailable' when too many changes wait.
   */
  change(name: ObjectName, decide: (before: Written | undefined) => Written): Promise<void> {
    return this.#works.run('', async () => {
      this.#mayChange(name);
      const key = keyOf(name);
      const before = this.#stored.get(key);
      if (before === undefined && this.#stored.size >= LIMITS.objects)
        throw new Fault('forbidden', `There are ${LIMITS.objects} objects already`, {
          code: 'too-many-config-objects',
        });
      const written = decide(before);
      const changes = this.#try(name, written);
      const problem = this.#parts.problemOf(this.#concerned(changes[0]!));
      if (problem !== undefined) throw new Fault('forbidden', problem, { code: 'insecure' });
      await this.#parts.store.put(key, JSON.stringify(written));
      this.#stored.set(key, written);
      await this.#settle(changes);
    });
  }

  /** Says whether it was there. Fails with a Fault 'forbidden' when it comes from the file, or another one refers to it. */
  remove(name: ObjectName): Promise<boolean> {
    return this.#works.run('', async () => {
      const before = TYPES[name.type].of(this.#maps).get(name.id);
      if (before === undefined) return false;
      this.#mayChange(name);
      const users = referrers(name, this.#maps).map(({ type, id }) => `${type} "${id}"`);
      if (users.length > 0) {
        const some = users.length > 3 ? [...users.slice(0, 3), `${users.length - 3} more`] : users;
        throw new Fault('forbidden', `The ${name.type} "${name.id}" is used by ${some.join(', ')}`, {
          code: 'config-object-in-use',
        });
      }
      await this.#parts.store.delete(keyOf(name));
      this.#stored.delete(keyOf(name));
      await this.#settle([{ ...name, before, after: undefined }]);
      return true;
    });
  }

  /** Waits for the changes that have begun, and takes no more. */
  close(): Promise<void> {
    return this.#works.close();
  }

  #mayChange(name: ObjectName): void {
    if (!this.isFixed(name)) return;
    throw new Fault('forbidden', `The ${name.type} "${name.id}" comes from the configuration file`, {
      code: 'config-object-read-only',
    });
  }

  #writtenOf(name: ObjectName): Written {
    return this.#stored.get(keyOf(name)) ?? this.#parts.config[name.type]?.[name.id] ?? {};
  }

  /** What would change; nothing has. An auth is part of those who use it, so they change with it. */
  #try(name: ObjectName, written: Written): ObjectChange[] {
    const make = (of: ObjectName, from: Written): AnyObject =>
      TYPES[of.type].make(of.id, from, this.#maps, this.#general);
    const objects = TYPES[name.type].of(this.#maps);
    const before = objects.get(name.id);
    const after = make(name, written);
    if (before === undefined || name.type !== 'auth') return [{ ...name, before, after }];
    objects.set(name.id, after);
    try {
      const users = referrers(name, this.#maps).map((each): ObjectChange => ({
        ...each,
        before: TYPES[each.type].of(this.#maps).get(each.id),
        after: make(each, this.#writtenOf(each)),
      }));
      return [{ ...name, before, after }, ...users];
    } finally {
      objects.set(name.id, before);
    }
  }

  /** The endpoint that changes, or is recognised in another way, with what recognises it. */
  #concerned({ type, id, after }: ObjectChange): Pick<PjsipObjects, 'endpoints' | 'identifies'> {
    if (type === 'endpoint')
      return { endpoints: new Map([[id, after as EndpointObject]]), identifies: this.identifies };
    if (type !== 'identify') return { endpoints: new Map(), identifies: [] };
    const identify = after as IdentifyObject;
    const endpoint = this.endpoints.get(identify.endpoint);
    return { endpoints: new Map(endpoint && [[endpoint.id, endpoint]]), identifies: [identify] };
  }

  #hold(changes: readonly ObjectChange[]): void {
    for (const { type, id, after } of changes) {
      const objects = TYPES[type].of(this.#maps);
      if (after === undefined) objects.delete(id);
      else objects.set(id, after);
    }
  }

  async #settle(changes: readonly ObjectChange[]): Promise<void> {
    this.#hold(changes);
    if (changes.some(({ type }) => type === 'identify')) this.#orderIdentifies();
    for (const handler of this.#handlers) {
      try {
        await handler(changes);
      } catch (error) {
        this.#parts.log('error', `A change of the configuration was not followed: ${inWords(error)}`);
      }
    }
  }

  /** Those of the file in its order, then the others by their names, so that a restart changes nothing. */
  #orderIdentifies(): void {
    const all = [...this.#maps.identifies.values()];
    const isFixed = ({ id }: IdentifyObject): boolean => this.isFixed({ type: 'identify', id });
    const made = all.filter((each) => !isFixed(each)).sort((one, other) => (one.id < other.id ? -1 : 1));
    this.identifies.length = 0;
    for (const each of [...all.filter(isFixed), ...made]) this.identifies.push(each);
  }
}

const keyOf = ({ type, id }: ObjectName): string => `object:${type}:${id}`;
