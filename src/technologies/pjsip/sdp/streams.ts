// All streams of a description, asked of the handlers: what comes of each, or that nothing of the description holds.
import {
  ask,
  type MediaSettings,
  type StreamContext,
  type StreamHandler,
  type Taken,
  type Verdict,
} from './handler.ts';
import type { Keys } from './keys.ts';
import type { Line } from './layout.ts';
import { withMid } from './mids.ts';
import { isLive, switchedOff, type SessionDescription, type Stream } from './session-description.ts';

export class Streams {
  readonly #settings: MediaSettings;
  readonly #handlers: readonly StreamHandler[];

  constructor(settings: MediaSettings, handlers: readonly StreamHandler[]) {
    this.#settings = settings;
    this.#handlers = handlers;
  }

  /** What the far end offers, one by one; undefined when a handler failed, or we could take nothing. */
  incoming(
    { head, streams }: SessionDescription,
    lines: readonly Line[],
    keys: Keys,
  ): readonly (Taken | undefined)[] | undefined {
    const taken = untilFailed(streams, (stream, index) => {
      const context = { settings: this.#settings, head, keys, isKnown: lines[index]?.isOn ?? false };
      return this.#ask(stream, (handler) => handler.incoming(stream, context));
    });
    return taken?.some((each) => each?.alone !== undefined) ? taken : undefined;
  }

  /** What of the peer's streams the far end can be offered, one by one; undefined when a handler failed. */
  outgoing({ head, streams }: SessionDescription, keys: Keys): readonly (Stream | undefined)[] | undefined {
    const context = this.#context(head, keys);
    const wanted = untilFailed(streams, (stream) =>
      this.#ask(stream, (handler) => handler.outgoing({ of: 'the peer', stream }, context)),
    );
    return wanted?.map((each) => each?.offer);
  }

  /** What of an answer holds, one by one; undefined when a handler failed, the types differ, or nothing holds. */
  answered(
    offered: readonly (Stream | undefined)[],
    { head, streams }: SessionDescription,
    keys: Keys,
  ): readonly Stream[] | undefined {
    if (streams.length !== offered.length) return undefined;
    if (streams.some(({ type }, index) => type !== (offered[index]?.type ?? type))) return undefined;
    const context = this.#context(head, keys);
    const agreed = untilFailed(streams, (answer, index): Verdict<{ readonly answer: Stream }> => {
      const offer = offered[index];
      if (offer === undefined || !isLive(answer)) return { kind: 'not mine' };
      return this.#ask(offer, (handler) => handler.answered(offer, answer, context));
    });
    if (agreed === undefined || agreed.every((each) => each === undefined)) return undefined;
    return agreed.map((each, index) => each?.answer ?? switchedOff(streams[index]!));
  }

  /** The first offer of our own: a stream of each type that has something to say. */
  own(keys: Keys): readonly Stream[] {
    const context = this.#context([], keys);
    const types = [...new Set(this.#handlers.map(({ type }) => type))];
    const streams = types.flatMap((type) => {
      const verdict = ask(this.#handlers, type, (handler) => handler.outgoing({ of: 'nobody' }, context));
      return verdict.kind === 'mine' ? [verdict.offer] : [];
    });
    return this.#settings.webrtc ? streams.map((stream, index) => withMid(stream, String(index))) : streams;
  }

  /** A later offer of our own: what is on stays on, inactive. `remote`: what of the far end's description holds. */
  held(lines: readonly Line[], { head, streams }: SessionDescription, keys: Keys): readonly Stream[] {
    const context = this.#context(head, keys);
    return lines.map(({ isOn, mid, stream: before }, index) => {
      const stream = streams[index]!;
      const verdict = this.#ask(stream, (handler) => handler.outgoing({ of: 'the far end', stream }, context));
      return withMid(isOn && verdict.kind === 'mine' ? verdict.offer : switchedOff(before), mid);
    });
  }

  /** A stream that is off is nobody's. */
  #ask<T>(stream: Stream, question: (handler: StreamHandler) => Verdict<T>): Verdict<T> {
    return isLive(stream) ? ask(this.#handlers, stream.type, question) : { kind: 'not mine' };
  }

  #context(head: readonly string[], keys: Keys): StreamContext {
    return { settings: this.#settings, head, keys, isKnown: false };
  }
}

/** One that fails ends the asking. */
function untilFailed<T>(
  streams: readonly Stream[],
  question: (stream: Stream, index: number) => Verdict<T>,
): (T | undefined)[] | undefined {
  const results: (T | undefined)[] = [];
  for (const [index, stream] of streams.entries()) {
    const verdict = question(stream, index);
    if (verdict.kind === 'failed') return undefined;
    results.push(verdict.kind === 'mine' ? verdict : undefined);
  }
  return results;
}
