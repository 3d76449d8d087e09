// The process itself: what it is, since when, that it answers, and its variables.
import { machine, release, type } from 'node:os';
import { Type, type Static } from 'typebox';
import { get, type Context, type Resource } from '../resource.ts';
import { Moment, momentJson } from '../time.ts';
import { configurationObjects, ConfigTuple } from './configuration.ts';
import { globalVariables } from './global-variables.ts';
import { Variable, Variables } from './variable.ts';

const BuildInfo = Type.Object(
  {
    os: Type.String({ description: 'The operating system.' }),
    kernel: Type.String({ description: 'Its version.' }),
    options: Type.String({ description: 'Empty: there is nothing to choose at build time.' }),
    machine: Type.String({ description: 'The kind of processor.' }),
    date: Type.String({ description: 'Empty: what runs is the source.' }),
    user: Type.String({ description: 'Empty: what runs is the source.' }),
  },
  { title: 'BuildInfo', description: 'What it runs on.' },
);

const SystemInfo = Type.Object(
  {
    version: Type.String({ description: 'The version of Arion.' }),
    entity_id: Type.String({ description: 'The `asterisk_id` of its events.' }),
  },
  { title: 'SystemInfo', description: 'Which program, and which one of them.' },
);

const SetId = Type.Object(
  { user: Type.String({ description: 'The user.' }), group: Type.String({ description: 'The group.' }) },
  { title: 'SetId', description: 'As whom it runs, where that was configured; empty where not.' },
);

const ConfigInfo = Type.Object(
  {
    name: Type.String({ description: 'The name of the system; may be empty.' }),
    default_language: Type.String({ description: 'The language of channels that name none.' }),
    max_channels: Type.Optional(Type.Integer({ description: 'How many channels there may be at once.' })),
    max_open_files: Type.Optional(Type.Integer({ description: 'How many files may be open at once.' })),
    max_load: Type.Optional(Type.Number({ description: 'The load above which no new call is taken.' })),
    setid: SetId,
  },
  { title: 'ConfigInfo', description: 'How it is configured.' },
);

const StatusInfo = Type.Object(
  {
    startup_time: Moment('When it was started.'),
    last_reload_time: Moment('When the configuration was last read.'),
  },
  { title: 'StatusInfo', description: 'Since when it runs.' },
);

const AsteriskInfo = Type.Object(
  {
    build: Type.Optional(BuildInfo),
    system: Type.Optional(SystemInfo),
    config: Type.Optional(ConfigInfo),
    status: Type.Optional(StatusInfo),
  },
  { title: 'AsteriskInfo', description: 'What is known of the process.' },
);

const AsteriskPing = Type.Object(
  {
    asterisk_id: Type.String({ description: 'Which one answers.' }),
    ping: Type.String({ description: 'Always "pong".' }),
    timestamp: Type.String({ description: 'When it answered.' }),
  },
  { title: 'AsteriskPing', description: 'The answer to a ping.' },
);

const parts = ['build', 'system', 'config', 'status'];

const info = ({ node }: Context): Static<typeof AsteriskInfo> => ({
  build: { os: type(), kernel: release(), machine: machine(), options: '', date: '', user: '' },
  system: { version: node.version, entity_id: node.entityId },
  config: { name: '', default_language: node.language, setid: { user: '', group: '' } },
  status: { startup_time: momentJson(node.startedAt), last_reload_time: momentJson(node.startedAt) },
});

export const asterisk: Resource = {
  name: 'asterisk',
  description: 'The process itself.',
  since: ['12.0.0'],
  models: [
    BuildInfo,
    SystemInfo,
    SetId,
    ConfigInfo,
    StatusInfo,
    AsteriskInfo,
    AsteriskPing,
    Variable,
    Variables,
    ConfigTuple,
  ].map((schema) => ({ schema })),
  operations: [
    get(
      '/asterisk/info',
      {
        nickname: 'getInfo',
        summary: 'What is known of the process.',
        since: ['12.0.0'],
        query: {
          only: Type.Optional(
            Type.Array(Type.String({ enum: parts }), { description: 'Only these parts. Unknown ones are nothing.' }),
          ),
        },
        returns: AsteriskInfo,
      },
      ({ query: { only = parts } }, context) =>
        Object.fromEntries(Object.entries(info(context)).filter(([part]) => only.includes(part))),
    ),

    get(
      '/asterisk/ping',
      { nickname: 'ping', summary: 'Says that it is there.', since: ['13.25.0', '16.2.0'], returns: AsteriskPing },
      (_, { node }) => ({ ping: 'pong', timestamp: momentJson(node.now()), asterisk_id: node.entityId }),
    ),

    ...globalVariables,
    ...configurationObjects,
  ],
};
