// Where our events differ from a real Asterisk's recordings, each with its reason. Everything else is equal.
import type { AriEvent } from '../../scripts/demo/application.ts';
import type { Exception } from '../support/captures.ts';

interface ChannelJson {
  readonly dialplan: { readonly exten: string; readonly priority: number };
}
const channel = (event: AriEvent): ChannelJson | undefined => event['channel'] as ChannelJson | undefined;

export const exceptions: readonly Exception[] = [
  {
    reason: 'each event says where a client may resume',
    side: 'ours',
    applies: ({ cursor }) => typeof cursor === 'string',
    rewrite: ({ cursor: _, ...event }) => event,
  },
  {
    reason: 'there is no dialplan language, so no NoOp step is told',
    side: 'captured',
    applies: ({ type, dialplan_app: app }) => type === 'ChannelDialplan' && app === 'NoOp',
  },
  {
    reason: 'with the NoOp step at priority 1, Stasis stood at priority 2 in the recorded dialplan',
    side: 'captured',
    applies: (event) => channel(event)?.dialplan.priority === 2,
    rewrite: (event) => {
      const { dialplan, ...others } = channel(event)!;
      return { ...event, channel: { ...others, dialplan: { ...dialplan, priority: 1 } } };
    },
  },
  {
    reason: 'RTP statistics need media',
    side: 'captured',
    applies: ({ type, variable }) => type === 'ChannelVarset' && String(variable).startsWith('RTPAUDIOQOS'),
  },
  {
    reason: 'playing needs media',
    side: 'captured',
    applies: ({ type }) => type.startsWith('Playback'),
  },
  {
    reason: 'recording needs media',
    side: 'captured',
    applies: ({ type }) => type.startsWith('Recording'),
  },
  {
    reason: 'digits by RFC 4733 need media; the digit 7 came by INFO',
    side: 'captured',
    applies: ({ type, digit }) => type === 'ChannelDtmfReceived' && digit !== '7',
  },
  {
    reason:
      'a device state has no order relative to other events, but mostly it comes behind the contact that changed it',
    side: 'captured',
    applies: ({ type }, { before }) => type === 'DeviceStateChanged' && before.at(-1)?.type === 'PeerStatusChange',
    behind: 'ContactStatusChange',
  },
  {
    reason:
      'ChannelHangupRequest.cause is the Q.850 cause that was asked for, not the flag bit 32 (busy for extension 4001)',
    side: 'captured',
    applies: ({ type, cause }) => type === 'ChannelHangupRequest' && cause === 32,
    rewrite: (event) => ({ ...event, cause: channel(event)?.dialplan.exten === '4001' ? 17 : 16 }),
  },
  {
    reason: 'subscribeAll really is all, EndpointStateChange included',
    side: 'ours',
    applies: ({ type }, { socket }) => type === 'EndpointStateChange' && socket === 'subAll',
  },
  {
    reason: 'a text message has an id, by which it can be asked for',
    side: 'ours',
    applies: ({ type }) => type === 'TextMessageReceived',
    rewrite: (event) => {
      const { id: _, ...message } = event['message'] as { readonly id?: string };
      return { ...event, message };
    },
  },
  {
    reason: 'a body is never emptied: it arrived as "" when it was over 1,023 bytes',
    side: 'captured',
    applies: ({ type, message }) => type === 'TextMessageReceived' && longBody(message) !== undefined,
    rewrite: (event) => {
      const message = event['message'] as object;
      return { ...event, message: { ...message, body: longBody(message) } };
    },
  },
  {
    reason: 'an application hears each fact once, however many of its subscriptions lead there',
    side: 'captured',
    applies: (event, { socket, before }) =>
      socket === 'subBoth' && JSON.stringify(before.at(-1)?.['message']) === JSON.stringify(event['message']),
  },
];

/** The recorded bodies were one letter, so many times; the emptied ones still tell their length. */
function longBody(message: unknown): string | undefined {
  const { body, variables } = message as {
    readonly body: string;
    readonly variables: Readonly<Record<string, string>>;
  };
  const length = Number(variables['Content-Length']);
  return body === '' && length > 0 ? 'x'.repeat(length) : undefined;
}
