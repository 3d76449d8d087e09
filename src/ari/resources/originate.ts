// Making calls: originate, and create and dial.
import { Type } from 'typebox';
import { parseTarget } from '../../core/callers.ts';
import type { Extension } from '../../core/execution.ts';
import type { OriginateWish, VariableWish } from '../../core/originate.ts';
import { parseCallerId } from '../../core/caller-id.ts';
import type { StasisRoute } from '../../core/routing.ts';
import { Fault, notFound } from '../../errors.ts';
import { post, type Context, type Resource } from '../resource.ts';
import { Channel, channelJson, controlled, headers, invalid, needsApplication, params, queued } from './channel.ts';
import { Settable } from './channel-variables.ts';

const endpoint = Type.String({ default: '', description: 'Whom to call: PJSIP/alice.' });
const appArgs = Type.Optional(Type.String({ description: "The application's arguments, with commas between them." }));
const channelId = Type.Optional(Type.String({ description: 'The id that the channel is to have.' }));

const common = {
  otherChannelId: Type.Optional(
    Type.String({ description: 'The id of the other half, where the technology makes two channels of a call.' }),
  ),
  originator: Type.Optional(
    Type.String({ description: 'The id or name of the channel that the call is for. Not together with formats.' }),
  ),
  formats: Type.Optional(
    Type.String({ description: 'Codecs by preference, with commas between them. Not together with originator.' }),
  ),
};

const originateQuery = {
  endpoint,
  extension: Type.Optional(Type.String({ description: 'Where in the routing it goes when it is answered.' })),
  context: Type.Optional(Type.String({ description: 'The context of the extension; "default", if left out.' })),
  priority: Type.Optional(Type.Integer({ format: 'int64', description: 'The priority of the extension.' })),
  label: Type.Optional(Type.String({ description: 'The priority, by a label.' })),
  app: Type.Optional(Type.String({ description: 'The application that it enters when it is answered.' })),
  appArgs,
  callerId: Type.Optional(Type.String({ description: 'Who calls: "Name" <number>.' })),
  timeout: Type.Optional(
    Type.Integer({ default: 30, description: 'How long it is called, in seconds; -1 for as long as it takes.' }),
  ),
  ...common,
};

const variables = {
  name: 'variables',
  dataType: 'containers',
  required: false,
  description: 'Variables to set on the channel, under the key "variables".',
  schema: Type.Object({ variables: Type.Optional(Settable) }),
} as const;

const errors = { 400: 'A parameter is wrong, or the endpoint cannot be called.', 409: 'There is such a channel.' };

/** In seconds. */
const TIMEOUT = 30;

interface Wanted {
  readonly endpoint: string;
  readonly app?: string;
  readonly appArgs?: string;
  readonly channelId?: string | undefined;
  readonly otherChannelId?: string;
  readonly originator?: string;
  readonly formats?: string;
}

interface Originate extends Wanted {
  readonly extension?: string;
  readonly context?: string;
  readonly priority?: number;
  readonly label?: string;
  readonly callerId?: string;
  readonly timeout?: number;
}

type GivenVariables = Readonly<Record<string, string | { readonly value: string; readonly report_events?: boolean }>>;

const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

function wished(wanted: Wanted, variables: GivenVariables) {
  const [originator, formats] = [given(wanted.originator), given(wanted.formats)];
  if (wanted.endpoint === '') {
    throw new Fault('invalid', 'Endpoint must be specified', { code: 'missing-parameter' });
  }
  if (originator !== undefined && formats !== undefined) {
    throw invalid("Originator and formats can't both be specified");
  }
  return {
    target: parseTarget(wanted.endpoint),
    id: given(wanted.channelId),
    originator,
    formats: formats?.split(',').map((each) => each.trim()),
    variables: Object.entries(variables).map(([name, value]): VariableWish => {
      return typeof value === 'string'
        ? { name, value, report: false }
        : { name, value: value.value, report: value.report_events ?? false };
    }),
  };
}

const stasisRoute = (app: string, args: string | undefined): StasisRoute => ({
  app,
  args: given(args)?.split(',') ?? [],
});

function destinationOf(wanted: Originate): OriginateWish['destination'] {
  const app = given(wanted.app);
  if (app !== undefined) return stasisRoute(app, wanted.appArgs);
  const exten = given(wanted.extension);
  if (exten === undefined) {
    throw new Fault('invalid', 'Application or extension must be specified', { code: 'missing-parameter' });
  }
  const priority = given(wanted.label) === undefined ? wanted.priority || 1 : labelled(wanted.label!);
  return { context: given(wanted.context) ?? 'default', exten, priority } satisfies Extension;
}

/** Extensions have no labels here; but a number is one in Asterisk, too. */
function labelled(label: string): number {
  const priority = Number.parseInt(label, 10);
  if (Number.isNaN(priority)) throw notFound('Label');
  if (priority === 0) throw invalid('Parameter label: there is no priority 0');
  return priority;
}

/** Longer ones are refused first, whatever else is wrong. */
function checkLengths({ channelId, otherChannelId }: Wanted): void {
  for (const id of [channelId, otherChannelId]) {
    if (id !== undefined && id.length > 149) throw invalid('Uniqueid length exceeds maximum of 149');
  }
}

function originate(wanted: Originate, variables: GivenVariables, { originator }: Context) {
  checkLengths(wanted);
  const wish = wished(wanted, variables);
  const caller = given(wanted.callerId);
  const seconds = wanted.timeout || TIMEOUT;
  const made = originator.originate({
    ...wish,
    destination: destinationOf(wanted),
    ...(caller !== undefined && { caller: parseCallerId(caller) }),
    timeout: seconds < 0 ? undefined : seconds * 1_000,
  });
  const shown = channelJson(made.channel.snapshot);
  made.begin();
  return shown;
}

export const makingCalls: Resource['operations'] = [
  post(
    '/channels',
    {
      nickname: 'originate',
      summary: 'Calls an endpoint. Once it answers, the call enters an application or the routing.',
      description: 'Replies when the call begins; the application is told what becomes of it.',
      since: ['12.0.0'],
      query: { ...originateQuery, channelId },
      body: variables,
      returns: Channel,
      errors,
    },
    ({ query, body }, context) => originate(query, body.variables ?? {}, context),
  ),

  post(
    '/channels/create',
    {
      nickname: 'create',
      summary: 'Makes a channel that enters an application at once, and is to be dialled by it.',
      since: ['14.0.0'],
      query: {
        endpoint,
        app: Type.String({ description: 'The application that it enters.' }),
        appArgs,
        channelId,
        ...common,
      },
      body: variables,
      returns: Channel,
      errors: { 409: errors[409] },
    },
    ({ query, body }, { originator }) => {
      const destination = stasisRoute(query.app, query.appArgs);
      const made = originator.create({ ...wished(query, body.variables ?? {}), destination });
      const shown = channelJson(made.channel.snapshot);
      made.begin();
      return shown;
    },
  ),

  post(
    '/channels/{channelId}',
    {
      nickname: 'originateWithId',
      summary: 'As originate, with the id that the channel is to have.',
      since: ['12.2.0'],
      params,
      query: originateQuery,
      body: variables,
      returns: Channel,
      errors,
    },
    ({ params: { channelId: id }, query, body }, context) =>
      originate({ ...query, channelId: id }, body.variables ?? {}, context),
  ),

  post(
    '/channels/{channelId}/dial',
    {
      nickname: 'dial',
      summary: 'Calls the far end of a channel that was made by create.',
      description: 'Replies when that begins; events tell what becomes of it.',
      since: ['14.0.0'],
      params,
      headers,
      query: {
        caller: Type.Optional(Type.String({ description: 'The id or name of the channel that calls.' })),
        timeout: Type.Optional(
          Type.Integer({ minimum: 0, default: 0, description: 'How long, in seconds; 0 for as long as it takes.' }),
        ),
      },
      errors: {
        ...needsApplication,
        409: 'The channel is not in an application, was not made by create, or was dialled already.',
      },
    },
    ({ params: { channelId: id }, query: { timeout = 0 } }, context) => {
      const { channels, originator } = context;
      return queued(originator.dial(controlled(channels, id), timeout > 0 ? timeout * 1_000 : undefined), context);
    },
  ),
];
