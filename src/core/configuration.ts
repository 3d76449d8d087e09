// Configuration objects that can be read and changed at run time, by the classes and types in which Asterisk groups them.
import { Fault } from '../errors.ts';

/** One option of an object, as text. */
export interface ConfigurationField {
  readonly attribute: string;
  readonly value: string;
}

/** Whoever has such objects: a technology. */
export interface ConfigurationObjects {
  /** Each type, and every class under which it is known. */
  readonly types: readonly { readonly objectType: string; readonly configClasses: readonly string[] }[];
  /** Every option with its value, defaults included; of secrets only on demand. */
  read(objectType: string, id: string, withSecrets: boolean): ConfigurationField[] | undefined;
  /**
   * Makes the object, or changes the options that are given, for the named user. Resolves when it holds. Fails with a Fault
   * 'invalid' that names the option, or 'forbidden' when the object is not to be changed; nothing has changed then.
   */
  write(objectType: string, id: string, fields: readonly ConfigurationField[], user: string): Promise<void>;
  /** Says whether it was there. Fails with a Fault 'forbidden' when it cannot be spared. */
  remove(objectType: string, id: string, user: string): Promise<boolean>;
}

export interface ConfigurationName {
  readonly configClass: string;
  readonly objectType: string;
  readonly id: string;
}

export class Configuration {
  readonly #all: ConfigurationObjects[] = [];

  addObjects(objects: ConfigurationObjects): void {
    this.#all.push(objects);
  }

  /** Fails with a Fault 'not-found'. */
  read(name: ConfigurationName, withSecrets: boolean): ConfigurationField[] {
    const found = this.#of(name).read(name.objectType, name.id, withSecrets);
    if (found === undefined) throw noObject(name);
    return found;
  }

  /** Gives the object as it is then. Fails as `ConfigurationObjects.write` does, and with a Fault 'not-found' for an unknown type. */
  async write(
    name: ConfigurationName,
    fields: readonly ConfigurationField[],
    user: string,
  ): Promise<ConfigurationField[]> {
    await this.#of(name).write(name.objectType, name.id, fields, user);
    return this.read(name, true);
  }

  /** Fails as `ConfigurationObjects.remove` does, and with a Fault 'not-found'. */
  async remove(name: ConfigurationName, user: string): Promise<void> {
    if (!(await this.#of(name).remove(name.objectType, name.id, user))) throw noObject(name);
  }

  #of({ configClass, objectType }: ConfigurationName): ConfigurationObjects {
    const found = this.#all.find(({ types }) =>
      types.some((each) => each.objectType === objectType && each.configClasses.includes(configClass)),
    );
    if (found !== undefined) return found;
    throw new Fault('not-found', `There are no objects of type ${configClass}/${objectType}`, {
      code: 'config-type-not-found',
    });
  }
}

const noObject = ({ configClass, objectType, id }: ConfigurationName): Fault =>
  new Fault('not-found', `There is no ${configClass}/${objectType} named "${id}"`, { code: 'config-object-not-found' });
