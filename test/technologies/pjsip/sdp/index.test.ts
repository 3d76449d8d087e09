// Offer and answer without media (RFC 3264): what is taken, what is rejected, what is refused.
import { describe, expect, test } from 'vitest';
import { answerTo, isAnswer, offerOf, writeSdp } from '../../../../src/technologies/pjsip/sdp/index.ts';
import type { Codec } from '../../../../src/technologies/pjsip/objects/index.ts';

const origin = { sessionId: 42, version: 7, address: '127.0.0.1' };
const head = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0'];
const sdp = (...media: readonly string[]): string => [...head, ...media, ''].join('\r\n');

/** The answer's media lines; undefined when the offer is refused. */
function answered(allow: readonly Codec[], ...media: readonly string[]): string[] | undefined {
  const answer = answerTo(sdp(...media), allow);
  if (answer === undefined) return undefined;
  const lines = writeSdp(answer, origin).split('\r\n');
  return lines.slice(lines.findIndex((line) => line.startsWith('m='))).filter((line) => line !== '');
}

interface Case {
  readonly name: string;
  readonly allow?: readonly Codec[];
  readonly offer: readonly string[];
  readonly answer: readonly string[] | undefined;
}

const pcmu = ['a=rtpmap:0 PCMU/8000', 'a=inactive'];
const cases: readonly Case[] = [
  {
    name: 'an offer is answered with its codec, inactive on the discard port',
    offer: ['m=audio 40000 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', 'a=sendrecv'],
    answer: ['m=audio 9 RTP/AVP 0', ...pcmu],
  },
  {
    name: 'a static payload type needs no rtpmap',
    offer: ['m=audio 40000 RTP/AVP 18 8 0'],
    answer: ['m=audio 9 RTP/AVP 8', 'a=rtpmap:8 PCMA/8000', 'a=inactive'],
  },
  {
    name: 'the first common codec by the order of the offer is taken, not by that of allow',
    allow: ['ulaw', 'g722', 'g729'],
    offer: ['m=audio 40000 RTP/AVP 3 9 18 0'],
    answer: ['m=audio 9 RTP/AVP 9', 'a=rtpmap:9 G722/8000', 'a=inactive'],
  },
  {
    name: 'telephone events are taken with the codec, at its clock rate',
    offer: [
      'm=audio 40000 RTP/AVP 0 96 101',
      'a=rtpmap:96 telephone-event/48000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
    ],
    answer: [
      'm=audio 9 RTP/AVP 0 101',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=inactive',
    ],
  },
  {
    name: 'a dynamic payload type keeps the number of the offer, and its encoding is compared without regard to case',
    allow: ['opus'],
    offer: ['m=audio 40000 RTP/AVP 0 111', 'a=rtpmap:111 OPUS/48000/2', 'a=fmtp:111 useinbandfec=1'],
    answer: ['m=audio 9 RTP/AVP 111', 'a=rtpmap:111 OPUS/48000/2', 'a=inactive'],
  },
  {
    name: 'the same encoding at another rate is another codec',
    offer: ['m=audio 40000 RTP/AVP 96', 'a=rtpmap:96 PCMU/16000'],
    answer: undefined,
  },
  {
    name: 'a dynamic payload type without an rtpmap says nothing',
    offer: ['m=audio 40000 RTP/AVP 96'],
    answer: undefined,
  },
  {
    name: 'other streams are rejected in their place, each with a line',
    offer: ['m=video 40002 RTP/AVP 31', 'm=audio 40000 RTP/AVP 0', 'm=application 40004 UDP/BFCP *'],
    answer: ['m=video 0 RTP/AVP 31', 'm=audio 9 RTP/AVP 0', ...pcmu, 'm=application 0 UDP/BFCP *'],
  },
  {
    name: 'of two audio streams, each is taken that has a common codec',
    allow: ['ulaw', 'alaw'],
    offer: ['m=audio 40000 RTP/AVP 8', 'm=audio 40002 RTP/AVP 3', 'm=audio 40004 RTP/AVP 0'],
    answer: [
      'm=audio 9 RTP/AVP 8',
      'a=rtpmap:8 PCMA/8000',
      'a=inactive',
      'm=audio 0 RTP/AVP 3',
      'm=audio 9 RTP/AVP 0',
      ...pcmu,
    ],
  },
  {
    name: 'a stream that the offer has switched off stays off',
    offer: ['m=audio 0 RTP/AVP 0', 'm=audio 40000 RTP/AVP 0'],
    answer: ['m=audio 0 RTP/AVP 0', 'm=audio 9 RTP/AVP 0', ...pcmu],
  },
  {
    name: 'without a key no secure stream can be taken',
    offer: ['m=audio 40000 UDP/TLS/RTP/SAVPF 0'],
    answer: undefined,
  },
  {
    name: 'no common codec at all is refused',
    allow: ['g729'],
    offer: ['m=audio 40000 RTP/AVP 0 8'],
    answer: undefined,
  },
  { name: 'video alone is refused', offer: ['m=video 40000 RTP/AVP 31'], answer: undefined },
  { name: 'an offer of no stream is refused', offer: [], answer: undefined },
  { name: 'a line of media that cannot be read is refused', offer: ['m=audio x RTP/AVP 0'], answer: undefined },
];

describe('an answer', () => {
  test.each(cases)('$name', ({ allow = ['ulaw', 'alaw'], offer, answer }) => {
    expect(answered(allow, ...offer)).toEqual(answer);
  });

  test.each([
    ['nothing', ''],
    ['no SDP', 'hello\r\n'],
    ['another version', sdp('m=audio 4 RTP/AVP 0').replace('v=0', 'v=1')],
    ['no origin', sdp('m=audio 4 RTP/AVP 0').replace(/o=.*\r\n/, '')],
  ])('is not given to %s', (_, text) => {
    expect(answerTo(text, ['ulaw'])).toBeUndefined();
  });

  test('repeats the time of the offer, and has an origin of its own (RFC 3264 6)', () => {
    const offer = sdp('m=audio 40000 RTP/AVP 0').replace('t=0 0', 't=2873397496 2873404696');
    const text = writeSdp(answerTo(offer, ['ulaw'])!, { ...origin, address: '::1' });
    expect(text.split('\r\n').slice(0, 5)).toEqual([
      'v=0',
      'o=- 42 7 IN IP6 ::1',
      's=-',
      'c=IN IP6 ::1',
      't=2873397496 2873404696',
    ]);
  });
});

describe('hold', () => {
  const audio = 'm=audio 40000 RTP/AVP 0';
  test.each<[string, readonly string[], boolean]>([
    ['is not', [audio], false],
    ['is not', [audio, 'a=sendrecv'], false],
    ['is not', [audio, 'a=recvonly'], false],
    ['is', [audio, 'a=sendonly'], true],
    ['is', [audio, 'a=inactive'], true],
    ['is', ['a=sendonly', audio], true],
    ['is not', ['a=sendonly', audio, 'a=sendrecv'], false],
    ['is', [audio, 'c=IN IP4 0.0.0.0'], true],
    ['is not', [audio, 'a=sendonly', audio], false],
    ['is', [audio, 'a=sendonly', 'm=video 4 RTP/AVP 31'], true],
  ])('%s what %j says', (_, media, isHeld) => {
    expect(answerTo(sdp(...media), ['ulaw'])!.isHeld).toBe(isHeld);
  });
});

describe('our offer', () => {
  const offer = writeSdp(offerOf(['ulaw', 'opus']), origin);

  test('is one inactive audio stream with the allowed codecs', () => {
    expect(offer.split('\r\n').slice(5)).toEqual([
      'm=audio 9 RTP/AVP 0 107 101',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:107 opus/48000/2',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-16',
      'a=inactive',
      '',
    ]);
  });

  test.each([
    ['one of its codecs', sdp('m=audio 4000 RTP/AVP 0'), true],
    ['itself', offer, true],
    ['a rejected stream', sdp('m=audio 0 RTP/AVP 0'), false],
    ['a codec that it had not', sdp('m=audio 4000 RTP/AVP 8'), false],
    ['more streams than it had', sdp('m=audio 4000 RTP/AVP 0', 'm=video 0 RTP/AVP 31'), false],
    ['no SDP', 'hello', false],
  ])('against %s', (_, answer, isOne) => {
    expect(isAnswer(answer, ['ulaw', 'opus'])).toBe(isOne);
  });
});
