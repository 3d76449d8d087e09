// What a handler of streams is, and how several are asked.
import type { Codec, MediaEncryption } from '../objects/index.ts';
import type { Keys } from './keys.ts';
import type { Stream } from './session-description.ts';

/** What an endpoint wants of media. */
export interface MediaSettings {
  /** Its codecs, the preferred one first. */
  readonly allow: readonly Codec[];
  readonly webrtc: boolean;
  readonly media_encryption: MediaEncryption;
}

export interface StreamContext {
  readonly settings: MediaSettings;
  /** What stands above the streams of the description: its attributes hold for each of them. */
  readonly head: readonly string[];
  /** What a stream of our own presents. */
  readonly keys: Keys;
  /** The stream is on in this session already. */
  readonly isKnown: boolean;
}

/** It takes the stream, or leaves it to others, or nothing of the description can hold. */
export type Verdict<T> = ({ readonly kind: 'mine' } & T) | { readonly kind: 'not mine' } | { readonly kind: 'failed' };

export interface Taken {
  /** What the peer may be offered of it. */
  readonly passed: Stream;
  /** What answers it when there is no peer: inactive. Undefined: it is switched off. */
  readonly alone: Stream | undefined;
}

/** Where an outgoing stream comes from. */
export type Source =
  | { readonly of: 'the peer'; readonly stream: Stream }
  /** Of the far end itself, which is to hear nothing: what it said last. */
  | { readonly of: 'the far end'; readonly stream: Stream }
  | { readonly of: 'nobody' };

/** A kind of media over a kind of transport. */
export interface StreamHandler {
  /** As the `m=` line has it. */
  readonly type: string;
  /** A stream that the far end offers. */
  incoming(stream: Stream, context: StreamContext): Verdict<Taken>;
  /** A stream that the far end is to be offered. */
  outgoing(source: Source, context: StreamContext): Verdict<{ readonly offer: Stream }>;
  /** What of an answer holds, whoever gave it; 'not mine' when nothing does. */
  answered(offer: Stream, answer: Stream, context: StreamContext): Verdict<{ readonly answer: Stream }>;
}

/** The first that says other than 'not mine' ends the asking. */
export function ask<T>(
  handlers: readonly StreamHandler[],
  type: string,
  question: (handler: StreamHandler) => Verdict<T>,
): Verdict<T> {
  for (const handler of handlers) {
    if (handler.type !== type) continue;
    const verdict = question(handler);
    if (verdict.kind !== 'not mine') return verdict;
  }
  return { kind: 'not mine' };
}
