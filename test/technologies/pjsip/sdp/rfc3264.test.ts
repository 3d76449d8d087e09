// The examples of RFC 3264 10, between two telephones whose calls are bridged, and between one and us.
import { describe, expect, test } from 'vitest';
import { play, type Example } from './examples.ts';
import { call, description, lines, media, must } from './sdp-room.ts';

const audio = (port: number): string => `m=audio ${port} RTP/AVP 0\na=rtpmap:0 PCMU/8000`;
const h261 = 'm=video 51372 RTP/AVP 31\na=rtpmap:31 H261/90000';
const mpeg = 'm=video 53000 RTP/AVP 32\na=rtpmap:32 MPV/90000';
const off = 'm=video 0 RTP/AVP 31';
const events = (port: number, direction: string): string =>
  `m=audio ${port} RTP/AVP 110\na=rtpmap:110 telephone-event/8000\na=${direction}`;

const examples: readonly Example[] = [
  {
    name: '10.1: one of two video streams is declined, and events are added later',
    exchanges: [
      { from: 'alice', offer: [audio(49170), h261, mpeg], answer: [audio(49920), off, mpeg] },
      {
        from: 'bob',
        offer: [audio(65422), off, mpeg, events(51434, 'recvonly')],
        answer: [audio(49170), `${off}\na=rtpmap:31 H261/90000`, mpeg, events(53122, 'sendonly')],
        answered: [audio(49170), off, mpeg, events(53122, 'sendonly')],
      },
    ],
  },
  {
    // G.723 is none of our codecs: GSM stands for it, and G.729, which these telephones may not use, goes.
    name: '10.2: the codecs are inactive until one of them is chosen',
    exchanges: [
      {
        from: 'alice',
        offer: [
          'm=audio 62986 RTP/AVP 0 3 18\na=rtpmap:0 PCMU/8000\na=rtpmap:3 GSM/8000\na=rtpmap:18 G729/8000\na=inactive',
        ],
        offered: ['m=audio 62986 RTP/AVP 0 3\na=rtpmap:0 PCMU/8000\na=rtpmap:3 GSM/8000\na=inactive'],
        answer: ['m=audio 54344 RTP/AVP 0 3\na=rtpmap:0 PCMU/8000\na=rtpmap:3 GSM/8000\na=inactive'],
        holding: ['alice'],
      },
      {
        from: 'alice',
        offer: ['m=audio 62986 RTP/AVP 3\na=rtpmap:3 GSM/8000\na=sendrecv'],
        answer: ['m=audio 54344 RTP/AVP 3\na=rtpmap:3 GSM/8000\na=sendrecv'],
      },
    ],
  },
];

test.each(examples)('RFC 3264 $name', play);

describe('the offer of RFC 3264 10.1, answered without a peer', () => {
  test('is taken in its audio only, which is inactive', () => {
    const alone = call();
    must(alone.receive(description('alice', 1, audio(49170), h261, mpeg)));
    expect(media(alone.answerAlone())).toEqual(
      lines(['m=audio 9 RTP/AVP 0\na=rtpmap:0 PCMU/8000\na=inactive', off, 'm=video 0 RTP/AVP 32']),
    );
  });
});
