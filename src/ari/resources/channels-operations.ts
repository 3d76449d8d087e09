// What an application does to a call that stays with it: one operation after the other.
import { Type } from 'typebox';
import type { Channel } from '../../core/channel.ts';
import type { TransferState } from '../../core/facts.ts';
import type { Direction, DtmfTiming } from '../../core/technology.ts';
import { del, post, type Operation, type Resource } from '../resource.ts';
import {
  answered,
  carriedOut,
  controlled,
  headers,
  invalid,
  needsAnswered,
  needsApplication,
  params,
  queued,
} from './channel.ts';

/** One that has no parameters, and is answered before it is done. */
interface Plain {
  readonly nickname: string;
  readonly summary: string;
  readonly since?: readonly string[];
  readonly work: (channel: Channel, operation: string) => Promise<void>;
}

const QUEUED =
  'Done when what was asked of the channel before is done: ChannelOperationFinished tells what became of it.';

const plain = (declare: typeof post, path: string, { nickname, summary, since = ['12.0.0'], work }: Plain): Operation =>
  declare(
    `/channels/{channelId}/${path}`,
    { nickname, summary, description: QUEUED, since, params, headers, errors: needsAnswered },
    ({ params: { channelId } }, context) => {
      const channel = answered(context.channels, channelId);
      return queued(
        channel.operate(nickname, (operation) => work(channel, operation)),
        context,
      );
    },
  );

const DIRECTIONS: readonly Direction[] = ['both', 'in', 'out'];

const mute = (declare: typeof post, nickname: string, summary: string, isMuted: boolean): Operation =>
  declare(
    '/channels/{channelId}/mute',
    {
      nickname,
      summary,
      description: QUEUED,
      since: ['12.0.0'],
      params,
      headers,
      query: {
        direction: Type.Optional(
          Type.String({
            enum: [...DIRECTIONS],
            default: 'both',
            description: 'What is meant: in, what the far end says; out, what it hears; or both.',
          }),
        ),
      },
      errors: needsAnswered,
    },
    ({ params: { channelId }, query }, context) => {
      const channel = answered(context.channels, channelId);
      const direction = DIRECTIONS.find((each) => each === (query.direction ?? 'both'));
      if (direction === undefined) throw invalid('Parameter direction is none of both, in and out');
      return queued(
        channel.operate(nickname, () => channel.mute(direction, isMuted)),
        context,
      );
    },
  );

const ms = (description: string, standard: number) =>
  Type.Optional(Type.Integer({ default: standard, description: `${description}, in milliseconds.` }));

/** As in Asterisk, what is no key is passed over, and 0 is the technology's own choice. */
const keysOf = (text: string): string =>
  text
    .toUpperCase()
    .replaceAll(/[^0-9A-D*#W]/g, '')
    .replaceAll('W', 'w');

const timingOf = (given: { readonly [Name in keyof DtmfTiming]: number | undefined }): DtmfTiming =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value > 0));

const sendDtmf = post(
  '/channels/{channelId}/dtmf',
  {
    nickname: 'sendDTMF',
    summary: 'Presses keys towards the far end.',
    description: QUEUED,
    since: ['12.0.0'],
    params,
    headers,
    query: {
      dtmf: Type.Optional(Type.String({ description: 'The keys: 0-9, A-D, * and #; w is a pause of half a second.' })),
      before: ms('How long to wait before the first', 0),
      between: ms('How long to wait between two', 100),
      duration: ms('How long each is pressed', 100),
      after: ms('How long to wait after the last', 0),
    },
    errors: { 400: 'There are no keys.', ...needsAnswered },
  },
  ({ params: { channelId }, query: { dtmf = '', before, between, duration, after } }, context) => {
    const channel = answered(context.channels, channelId);
    if (dtmf === '') throw invalid('Missing parameter dtmf');
    const timing = timingOf({ before, between, duration, after });
    return queued(
      channel.operate('sendDTMF', () => channel.sendDtmf(keysOf(dtmf), timing)),
      context,
    );
  },
);

const answer = post(
  '/channels/{channelId}/answer',
  {
    nickname: 'answer',
    summary: 'Answers a call. Answering one that is up already changes nothing.',
    description: 'Replies when the answer has been sent to the caller.',
    since: ['12.0.0'],
    params,
    headers,
    errors: needsAnswered,
  },
  ({ params: { channelId } }, { channels }) => {
    const channel = answered(channels, channelId);
    return carriedOut(channel.operate('answer', (operation) => channel.answer(undefined, operation)));
  },
);

const TRANSFER_STATES: readonly TransferState[] = [
  'channel_progress',
  'channel_answered',
  'channel_unavailable',
  'channel_declined',
];

const transferProgress = post(
  '/channels/{channelId}/transfer_progress',
  {
    nickname: 'transfer_progress',
    summary: 'Tells a far end that wants its call transferred what becomes of that.',
    description: 'Replies when it was told.',
    since: ['22.3.0', '21.8.0', '20.13.0'],
    params,
    headers,
    query: { states: Type.String({ default: '', description: `One of ${TRANSFER_STATES.join(', ')}.` }) },
    errors: {
      400: 'The state is unknown.',
      ...needsApplication,
      409: `${needsApplication[409]} Or its far end wants no transfer.`,
      412: 'Never given: every channel may have asked for a transfer.',
    },
  },
  ({ params: { channelId }, query: { states } }, { channels }) => {
    const channel = controlled(channels, channelId);
    const state = TRANSFER_STATES.find((each) => each === states);
    if (state === undefined) throw invalid('Parameter states is no state of a transfer');
    return carriedOut(channel.operate('transfer_progress', (operation) => channel.transferProgress(state, operation)));
  },
);

export const callOperations: Resource['operations'] = [
  answer,
  plain(post, 'ring', {
    nickname: 'ring',
    summary: 'Tells the caller that it rings.',
    work: (channel, operation) => channel.ring(operation),
  }),
  plain(del, 'ring', {
    nickname: 'ringStop',
    summary: 'Stops what `ring` began.',
    work: (channel) => channel.stopRinging(),
  }),
  plain(post, 'progress', {
    nickname: 'progress',
    summary: 'Tells the caller that there may be something to hear already.',
    since: ['22.6.0', '21.11.0', '20.16.0'],
    work: (channel) => channel.progress(),
  }),
  sendDtmf,
  mute(post, 'mute', 'Mutes a channel. Muting what is muted changes nothing.', true),
  mute(del, 'unmute', 'Ends what `mute` began.', false),
  plain(post, 'hold', {
    nickname: 'hold',
    summary: 'Puts the far end on hold.',
    work: (channel) => channel.hold(),
  }),
  plain(del, 'hold', {
    nickname: 'unhold',
    summary: 'Takes the far end up again.',
    work: (channel) => channel.unhold(),
  }),
  transferProgress,
];
