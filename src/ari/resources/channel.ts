// What a channel is to a client, and how the operations on one find it.
import { Type, type Static } from 'typebox';
import { inApplication, notUnanswered, type Channel as CoreChannel } from '../../core/channel.ts';
import type { Channels } from '../../core/channels.ts';
import type { ChannelSnapshot, Party } from '../../core/facts.ts';
import type { Operation } from '../../core/operations.ts';
import { Fault, notFound } from '../../errors.ts';
import { Answer, type Context } from '../resource.ts';
import { Moment, momentJson } from '../time.ts';

export const CallerID = Type.Object(
  {
    name: Type.String({ description: 'The name; may be empty.' }),
    number: Type.String({ description: 'The number; may be empty.' }),
  },
  { title: 'CallerID', description: 'One party of a call.' },
);

export const DialplanCEP = Type.Object(
  {
    context: Type.String({ description: 'The context.' }),
    exten: Type.String({ description: 'The extension.' }),
    priority: Type.Integer({ format: 'int64', description: 'The priority.' }),
    app_name: Type.String({ description: 'What runs there; may be empty.' }),
    app_data: Type.String({ description: 'Its arguments; may be empty.' }),
  },
  { title: 'DialplanCEP', description: 'Where in the routing a channel is.' },
);

const state = Type.Enum(
  [
    'Down',
    'Rsrvd',
    'OffHook',
    'Dialing',
    'Ring',
    'Ringing',
    'Up',
    'Busy',
    'Dialing Offhook',
    'Pre-ring',
    'Mute',
    'Unknown',
  ],
  { type: 'string', description: 'How far the call is.' },
);

export const Channel = Type.Object(
  {
    id: Type.String({ description: 'Unique; stays the same as long as the channel lives.' }),
    name: Type.String({ description: 'Technology, endpoint and a number: PJSIP/alice-0000001f.' }),
    state,
    protocol_id: Type.String({ description: "The technology's own name of the call: for SIP the Call-ID." }),
    caller: CallerID,
    connected: CallerID,
    accountcode: Type.String({ description: 'The account to charge; may be empty.' }),
    dialplan: DialplanCEP,
    creationtime: Moment('When the channel was made.'),
    language: Type.String({ description: 'The language of prompts.' }),
    channelvars: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'The variables that were set with report_events.' }),
    ),
    caller_rdnis: Type.Optional(Type.String({ description: 'Who was called before the call was redirected.' })),
    tenantid: Type.Optional(Type.String({ description: 'The tenant.' })),
  },
  { title: 'Channel', description: 'One leg of a call.' },
);

export const endReason = Type.Optional(
  Type.Enum(['service-restarted'], {
    type: 'string',
    description: 'Present when neither side has ended it: this service died, and told it when it was back.',
  }),
);

export const channelJson = ({
  id,
  name,
  caller,
  connected,
  dialplan,
  ...channel
}: ChannelSnapshot): Static<typeof Channel> => ({
  id,
  name,
  state: channel.state,
  protocol_id: channel.protocolId,
  caller: partyJson(caller),
  connected: partyJson(connected),
  accountcode: channel.accountcode,
  dialplan: {
    context: dialplan.context,
    exten: dialplan.exten,
    priority: dialplan.priority,
    app_name: dialplan.appName,
    app_data: dialplan.appData,
  },
  creationtime: momentJson(channel.createdAt),
  language: channel.language,
  ...(channel.redirecting && { caller_rdnis: channel.redirecting }),
  ...(Object.keys(channel.reported).length > 0 && { channelvars: { ...channel.reported } }),
});

export const params = { channelId: Type.String({ description: "The channel's id." }) };
export const noChannel = { 404: 'There is no such channel.' };
export const needsApplication = {
  ...noChannel,
  409: 'The channel is not in an application.',
};

/** One that an application may control. By its id: under its name it is found, but never controlled. */
export function controlled(channels: Channels, id: string): CoreChannel {
  const channel = channels.find(id);
  if (channel !== undefined) inApplication(channel);
  else if (channels.findByIdOrName(id) === undefined) throw notFound('Channel');
  else throw new Fault('conflict', 'Channel not in Stasis application', { code: 'channel-not-in-application' });
  return channel;
}

export const needsAnswered = {
  ...needsApplication,
  412: 'The channel is an outbound leg that nobody has answered yet.',
};

/** The same, unless it is an outbound leg that nobody has answered yet. */
export function answered(channels: Channels, id: string): CoreChannel {
  const channel = controlled(channels, id);
  notUnanswered(channel);
  return channel;
}

export function byIdOrName(channels: Channels, text: string): CoreChannel {
  const channel = channels.findByIdOrName(text);
  if (channel === undefined) throw notFound('Channel');
  return channel;
}

export const invalid = (message: string): Fault => new Fault('invalid', message, { code: 'invalid-parameter' });

const partyJson = ({ name, number }: Party): Static<typeof CallerID> => ({ name, number });

export const OPERATION_ID = 'Operation-Id';

/** Of an operation on a channel. */
export const headers = {
  [OPERATION_ID]:
    'Names the operation: ChannelOperationFinished and the events that it causes carry the same as operation_id.',
};

/** Says which operation it was, in a header. */
export const named = (operation: string): Answer<void> => new Answer(undefined, { [OPERATION_ID]: operation });

/** Answered at once: what becomes of it is told by ChannelOperationFinished. */
export function queued({ id, done }: Operation, { bus }: Context): Answer<void> {
  done.catch((error: unknown) => {
    if (!(error instanceof Fault)) bus.onError(error);
  });
  return named(id);
}

/** Answered when it is done. Fails as it does. */
export async function carriedOut({ id, done }: Operation): Promise<Answer<void>> {
  await done;
  return named(id);
}
