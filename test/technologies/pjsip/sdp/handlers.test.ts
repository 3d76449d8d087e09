// The handlers of streams: in which order they are asked, and what their verdicts do.
import { describe, expect, test } from 'vitest';
import type { StreamHandler, Verdict } from '../../../../src/technologies/pjsip/sdp/index.ts';
import { audio, call, offer } from './sdp-room.ts';

describe('handlers', () => {
  const saying = (name: string, verdict: string, asked: string[], type = 'audio'): StreamHandler => {
    const say = (): Verdict<never> => {
      asked.push(name);
      return { kind: verdict } as Verdict<never>;
    };
    return { type, incoming: say, outgoing: say, answered: say };
  };
  const taking = (asked: string[]): StreamHandler => ({
    type: 'audio',
    incoming: (stream) => (asked.push('taking'), { kind: 'mine', passed: stream, alone: stream }),
    outgoing: () => ({ kind: 'not mine' }),
    answered: () => ({ kind: 'not mine' }),
  });

  test.each([
    ['the first that takes it ends the asking', ['not mine', 'taking', 'failed'], ['0', 'taking'], 'offered'],
    ['when all decline, the stream is off, and nothing is left', ['not mine', 'not mine'], ['0', '1'], 'failed'],
    ['one that fails ends everything', ['failed', 'taking'], ['0'], 'failed'],
  ])('%s', (_, verdicts, expected, kind) => {
    const asked: string[] = [];
    const handlers = verdicts.map((each, index) =>
      each === 'taking' ? taking(asked) : saying(String(index), each, asked),
    );
    expect(call({}, [saying('other', 'failed', asked, 'text'), ...handlers]).receive(offer(audio)).kind).toBe(kind);
    expect(asked).toEqual(expected);
  });

  test('a failure leaves the other streams unasked', () => {
    const asked: string[] = [];
    const handlers = [saying('audio', 'failed', asked), saying('video', 'not mine', asked, 'video')];
    expect(call({}, handlers).receive(offer(audio, 'm=video 4 RTP/AVP 31')).kind).toBe('failed');
    expect(asked).toEqual(['audio']);
  });
});
