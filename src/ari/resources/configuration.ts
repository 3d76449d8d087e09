// Configuration objects, read and changed while everything runs: part of the resource asterisk.
import { Type, type Static } from 'typebox';
import type { ConfigurationField } from '../../core/configuration.ts';
import { del, get, put, type Operation } from '../resource.ts';

export const ConfigTuple = Type.Object(
  {
    attribute: Type.String({ description: 'The name of an option, as in pjsip.conf.' }),
    value: Type.String({ description: 'Its value, as text: "yes", "30", "ulaw,alaw".' }),
  },
  { title: 'ConfigTuple', description: 'One option of a configuration object.' },
);

const PATH = '/asterisk/config/dynamic/{configClass}/{objectType}/{id}';
const since = ['13.5.0'];
const params = {
  configClass: Type.String({ description: 'Whose objects: res_pjsip.' }),
  objectType: Type.String({ description: 'Their type: endpoint, auth, aor, identify or registration.' }),
  id: Type.String({ description: 'The name of the object.' }),
};
const notFound = { 404: 'There is no such object, or no such type.' };

const tuples = (fields: readonly ConfigurationField[]): Static<typeof ConfigTuple>[] =>
  fields.map(({ attribute, value }) => ({ attribute, value }));

export const configurationObjects: readonly Operation[] = [
  get(
    PATH,
    {
      nickname: 'getObject',
      summary: 'One configuration object: every option, defaults included.',
      description: 'Passwords and their hashes are shown only to users who may write.',
      since,
      params,
      returns: Type.Array(ConfigTuple),
      errors: notFound,
    },
    ({ params, user }, { configuration }) => tuples(configuration.read(params, !user.isReadOnly)),
  ),

  put(
    PATH,
    {
      nickname: 'updateObject',
      summary: 'Makes a configuration object, or changes the options of one that is there.',
      description:
        'Options that are not given stay as they are; an empty value goes back to the default. It holds when this is answered, and after a restart.',
      since,
      params,
      body: {
        name: 'fields',
        dataType: 'containers',
        required: false,
        description: 'The options: {"fields": [{"attribute": "max_contacts", "value": "1"}]}.',
        schema: Type.Object({ fields: Type.Array(ConfigTuple, { default: [] }) }),
      },
      returns: Type.Array(ConfigTuple),
      errors: {
        400: 'An option is unknown, or a value is not as it must be.',
        403: 'The object comes from the configuration file, and is not to be changed.',
        404: 'There is no such type.',
      },
    },
    async ({ params, body: { fields }, user }, { configuration }) =>
      tuples(await configuration.write(params, fields, user.name)),
  ),

  del(
    PATH,
    {
      nickname: 'deleteObject',
      summary: 'Removes a configuration object.',
      since,
      params,
      errors: {
        403: 'The object comes from the configuration file, or another one refers to it.',
        ...notFound,
      },
    },
    ({ params, user }, { configuration }) => configuration.remove(params, user.name),
  ),
];
