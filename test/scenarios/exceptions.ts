// Where our events differ from a real Asterisk's recordings, each with its reason. Everything else is equal.
import type { AriEvent } from '../../scripts/demo/application.ts';
import type { Exception } from '../support/captures.ts';

interface ChannelJson {
  readonly dialplan: { readonly exten: string; readonly priority: number; readonly app_name: string };
}
const channel = (event: AriEvent): ChannelJson | undefined => event['channel'] as ChannelJson | undefined;

/** In every recording. */
export const everywhere: readonly Exception[] = [
  {
    reason: 'members that ARI does not have: where a client may resume, which operation caused it, the id of a message',
    side: 'ours',
    applies: ({ cursor }) => typeof cursor === 'string',
    rewrite: ({ cursor: _, operation_id: __, ...event }) => withoutId(event),
  },
  {
    reason: 'subscribeAll really is all, EndpointStateChange included',
    side: 'ours',
    applies: ({ type }, { socket }) => type === 'EndpointStateChange' && socket === 'subAll',
  },
];

/** Of messages and registrations. */
export const inMessages: readonly Exception[] = [
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

/** Of calls. */
export const inCalls: readonly Exception[] = [
  {
    reason: 'there is no dialplan language: no NoOp step before Stasis, and no Hangup step behind it',
    side: 'captured',
    applies: (event) => isStep(event) || channel(event)?.dialplan.priority === 2,
    rewrite: (event) => (isStep(event) ? undefined : inStasis(event)),
  },
  {
    reason: 'playing, recording, RTP statistics and digits by RFC 4733 need media; the digit 7 came by INFO',
    side: 'captured',
    applies: ({ type, variable, digit }) =>
      /^(Playback|Recording)/.test(type) ||
      (type === 'ChannelVarset' && String(variable).startsWith('RTPAUDIOQOS')) ||
      (type === 'ChannelDtmfReceived' && digit !== '7'),
  },
];

/** Of calls that an application hangs up. */
export const inHangups: readonly Exception[] = [
  {
    reason:
      'ChannelHangupRequest.cause is the Q.850 cause that was asked for, not the flag bit 32 (busy for extension 4001)',
    side: 'captured',
    applies: ({ type, cause }) => type === 'ChannelHangupRequest' && cause === 32,
    rewrite: (event) => ({ ...event, cause: channel(event)?.dialplan.exten === '4001' ? 17 : 16 }),
  },
];

/** Of calls that are made, and bridged. */
export const inOutboundCalls: readonly Exception[] = [
  {
    reason: 'two threads told that a leg rings in either order: its state is first, then the news of its dialling',
    side: 'captured',
    applies: ({ type, dialstatus: status }, { before }) =>
      type === 'Dial' && status === 'RINGING' && before.at(-1)?.type !== 'ChannelStateChange',
    behind: 'ChannelStateChange',
    rewrite: (event) => ({ ...event, peer: { ...(event['peer'] as object), state: 'Ringing' } }),
  },
  {
    reason: 'who is at the other end of a bridge is told once, not three times',
    side: 'captured',
    applies: (event, { before }) => isIntroduction(event) && before.some((each) => isSameVarset(each, event)),
  },
];

function withoutId(event: AriEvent): AriEvent {
  if (event.type !== 'TextMessageReceived') return event;
  const { id: _, ...message } = event['message'] as { readonly id?: string };
  return { ...event, message };
}

const isStep = ({ type, dialplan_app: app }: AriEvent): boolean =>
  type === 'ChannelDialplan' && (app === 'NoOp' || app === 'Hangup');

/** The recorded dialplan had the NoOp at priority 1 and Stasis at 2; where nobody listened, Stasis at 1 and the Hangup at 2. */
function inStasis(event: AriEvent): AriEvent {
  const { dialplan, ...others } = channel(event)!;
  const stasis = dialplan.app_name === 'Hangup' ? { app_name: 'Stasis', app_data: 'bench' } : {};
  return { ...event, channel: { ...others, dialplan: { ...dialplan, ...stasis, priority: 1 } } };
}

const isIntroduction = ({ type, variable, value }: AriEvent): boolean =>
  type === 'ChannelVarset' && String(variable).startsWith('BRIDGE') && value !== '';

const isSameVarset = (one: AriEvent, other: AriEvent): boolean =>
  one['variable'] === other['variable'] && one['value'] === other['value'];

/** The recorded bodies were one letter, so many times; the emptied ones still tell their length. */
function longBody(message: unknown): string | undefined {
  const { body, variables } = message as {
    readonly body: string;
    readonly variables: Readonly<Record<string, string>>;
  };
  const length = Number(variables['Content-Length']);
  return body === '' && length > 0 ? 'x'.repeat(length) : undefined;
}
