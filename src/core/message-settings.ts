// How text messages are kept, and which are taken: what is configured, and what is not.
import { Fault } from '../errors.ts';
import type { TextMessage } from './facts.ts';
import type { MessageRoute } from './message.ts';

export interface MessageSettings {
  /** Whether messages outlive the process, and wait for those who cannot be reached. */
  readonly store: boolean;
  /** How long one is tried, unless it says itself, and how long it is remembered when it has ended. In milliseconds. */
  readonly expires: number;
  /** The largest body, in bytes. */
  readonly maxSize: number;
  /** Types of body that are refused: "image/png", "image/*". */
  readonly refuseTypes: readonly string[];
  readonly routes: readonly MessageRoute[];
  /** How many may wait. */
  readonly maxQueued: number;
  /** How many may be on the wire at once. */
  readonly maxUnderWay: number;
  /** How many may be with others who have not said whether they arrived. */
  readonly maxAway: number;
  /** How many that have ended are remembered, on disk and where there is none. */
  readonly maxEnded: number;
  readonly maxEndedInMemory: number;
}

export const defaultSettings: MessageSettings = {
  store: true,
  expires: 72 * 3_600_000,
  maxSize: 65_536,
  refuseTypes: [],
  routes: [],
  maxQueued: 100_000,
  maxUnderWay: 1_000,
  maxAway: 100_000,
  maxEnded: 100_000,
  maxEndedInMemory: 1_000,
};

/** As the message itself says. */
export function contentTypeOf({ variables }: TextMessage): string | undefined {
  for (const name in variables) if (name.toLowerCase() === 'content-type') return variables[name];
  return undefined;
}

/** Why a message is not taken: it is too large, or of a type that is refused. */
export function refusalOf(
  text: TextMessage,
  { maxSize, refuseTypes }: Pick<MessageSettings, 'maxSize' | 'refuseTypes'>,
): Fault | undefined {
  const size = Buffer.byteLength(text.body, text.encoding ?? 'utf8');
  if (size > maxSize) return new Fault('too-large', `The body has ${size} bytes, and may have ${maxSize}`);
  if (refuseTypes.length === 0) return undefined;
  const type = (contentTypeOf(text) ?? 'text/plain').split(';')[0]!.trim().toLowerCase();
  const isRefused = refuseTypes.some((each) => each === type || each === `${type.split('/')[0]}/*`);
  return isRefused ? new Fault('unsupported-media', `Messages of type ${type} are not taken`) : undefined;
}
