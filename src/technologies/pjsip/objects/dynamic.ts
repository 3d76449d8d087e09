// The configuration objects as the API reads and changes them; each change is told in the log.
import type { ConfigurationField, ConfigurationObjects } from '../../../core/configuration.ts';
import type { Routing } from '../../../core/routing.ts';
import { Fault } from '../../../errors.ts';
import type { Log } from '../log.ts';
import { didYouMean } from '../nearest.ts';
import { fromFields, toFields } from './fields.ts';
import type { LiveObjects } from './live.ts';
import { wrong } from './reading.ts';
import { OBJECT_TYPES, TYPES, type ObjectName, type ObjectType } from './types.ts';

export interface DynamicObjectsParts {
  readonly objects: LiveObjects;
  readonly routing: Pick<Routing, 'contexts' | 'hasContext'>;
  readonly log: Log;
}

export const dynamicObjects = ({ objects, routing, log }: DynamicObjectsParts): ConfigurationObjects => ({
  types: OBJECT_TYPES.map((type) => ({ objectType: type, configClasses: TYPES[type].configClasses })),
  read(objectType, id, withSecrets) {
    const found = objects.find(nameOf(objectType, id));
    const { properties } = TYPES[objectType as ObjectType].schema;
    return found && toFields(properties, found.written, found.object, withSecrets);
  },
  async write(objectType, id, fields, user) {
    const name = nameOf(objectType, id);
    const path = `pjsip.${objectType}.${id}`;
    if (objects.find(name) === undefined) checkId(id);
    let isNew = true;
    await objects.change(name, (before) => {
      isNew = before === undefined;
      const written = fromFields(path, TYPES[name.type].schema.properties, before ?? {}, fields);
      if (name.type === 'endpoint') checkContext(path, written['context'], routing);
      return written;
    });
    log('info', `The ${objectType} "${id}" was ${isNew ? 'made' : 'changed'} by ${user}: ${attributesOf(fields)}`);
  },
  async remove(objectType, id, user) {
    const isRemoved = await objects.remove(nameOf(objectType, id));
    if (isRemoved) log('info', `The ${objectType} "${id}" was removed by ${user}`);
    return isRemoved;
  },
});

const nameOf = (objectType: string, id: string): ObjectName => ({ type: objectType as ObjectType, id });

/** Their names alone: a value may be a secret. */
const attributesOf = (fields: readonly ConfigurationField[]): string =>
  [...new Set(fields.map(({ attribute }) => attribute))].join(', ') || 'nothing';

/** Names stand in lists with commas, in addresses and in logs. */
function checkId(id: string): void {
  const isName = id === id.trim() && id.length > 0 && Buffer.byteLength(id) <= 255 && !/[,\p{Cc}\p{Cs}]/u.test(id);
  if (!isName)
    throw new Fault(
      'invalid',
      'A name has at most 255 bytes, no comma, no control character, and no space at its ends',
      {
        code: 'invalid-config-object-name',
      },
    );
}

/** As in the file: one that is named is there. */
function checkContext(path: string, context: unknown, routing: DynamicObjectsParts['routing']): void {
  if (typeof context !== 'string' || routing.hasContext(context)) return;
  throw wrong(`${path}.context`, `there is no context "${context}"${didYouMean(context, routing.contexts)}`);
}
