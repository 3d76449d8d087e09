// The examples of RFC 4317, between two telephones whose calls are bridged. GSM, under a number of its own, stands for
// iLBC, which is none of our codecs.
import { expect, test } from 'vitest';
import { play, type Example } from './examples.ts';
import { call, description } from './sdp-room.ts';

const map: Readonly<Record<number, string>> = {
  0: 'PCMU/8000',
  8: 'PCMA/8000',
  31: 'H261/90000',
  32: 'MPV/90000',
  97: 'GSM/8000',
  98: 'telephone-event/8000',
  99: 'GSM/8000',
  101: 'telephone-event/8000',
};

/** "audio 49170 0 8": a stream with its formats; what else it says stands behind. */
const stream = (text: string, ...more: readonly string[]): string => {
  const [type, port, ...formats] = text.split(' ');
  const maps = port === '0' ? [] : formats.map((each) => `a=rtpmap:${each} ${map[Number(each)]}`);
  const [connection, rest] = [
    more.filter((line) => line.startsWith('c=')),
    more.filter((line) => !line.startsWith('c=')),
  ];
  return [`m=${type} ${port} RTP/AVP ${formats.join(' ')}`, ...connection, ...maps, ...rest].join('\n');
};

const examples: readonly Example[] = [
  {
    name: '2.1: one codec of each stream is chosen',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 0 8 97'), stream('video 51372 31 32')],
        answer: [stream('audio 49174 0'), stream('video 49170 32')],
      },
    ],
  },
  {
    name: '2.2: video is declined, two codecs are taken and then one',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 0 8 97'), stream('video 51372 31 32')],
        answer: [stream('audio 49172 0 8'), stream('video 0 31')],
      },
      {
        from: 'alice',
        offer: [stream('audio 51372 0'), stream('video 0 31')],
        // A line that is off stays as it was offered last.
        offered: [stream('audio 51372 0'), stream('video 0 31 32')],
        answer: [stream('audio 49172 0'), stream('video 0 31')],
      },
    ],
  },
  {
    name: '2.3: the answer has another payload type for the same codec',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 0 8 97'), stream('video 51372 31 32')],
        answer: [stream('audio 49172 99'), stream('video 51374 31')],
      },
    ],
  },
  {
    name: '2.4: a stream of its own for events',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 0 97'), stream('audio 49172 98', 'a=sendonly')],
        answer: [stream('audio 49172 97'), stream('audio 49174 98', 'a=recvonly')],
      },
    ],
  },
  {
    name: '2.5: one side moves, the other repeats what it said',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 97'), stream('video 51372 31')],
        answer: [stream('audio 49174 97'), stream('video 49170 31')],
      },
      {
        from: 'bob',
        offer: [stream('audio 49178 97'), stream('video 49188 31')],
        answer: [stream('audio 49170 97'), stream('video 51372 31')],
        at: { bob: 'newhost' },
      },
    ],
  },
  {
    name: '2.6: of two audio streams the second is taken',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 0'), stream('audio 51372 97 101')],
        answer: [stream('audio 0 0'), stream('audio 49170 97 101')],
      },
    ],
  },
  {
    name: '2.7: a second video codec is added',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 99'), stream('video 51372 31')],
        answer: [stream('audio 49172 99'), stream('video 51374 31')],
      },
      {
        from: 'alice',
        offer: [stream('audio 49170 99'), stream('video 51372 31 32')],
        answer: [stream('audio 49172 99'), stream('video 51374 31 32')],
      },
    ],
  },
  {
    name: '2.8: video goes to another address than audio',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 0 8 97'), stream('video 51372 31 32')],
        answer: [stream('audio 49174 0'), stream('video 49172 32', 'c=IN IP4 otherhost')],
      },
    ],
  },
  {
    name: '3.1: an answer that holds, and the end of hold from another port',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 0 97')],
        answer: [stream('audio 49172 97', 'a=sendonly')],
        at: { bob: 'placeholder' },
        holding: ['bob'],
      },
      { from: 'bob', offer: [stream('audio 49170 97')], answer: [stream('audio 49178 97')] },
    ],
  },
  {
    name: '3.2: one of two streams is held, which is not hold',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 0 97'), stream('audio 49172 98', 'a=sendonly')],
        answer: [stream('audio 49172 97'), stream('audio 49174 98', 'a=recvonly')],
      },
      {
        from: 'bob',
        offer: [stream('audio 49172 97', 'a=sendonly'), stream('audio 49174 98', 'a=recvonly')],
        answer: [stream('audio 49170 0 97'), stream('audio 49172 98', 'a=sendonly')],
        // What was not offered is no answer.
        answered: [stream('audio 49170 97'), stream('audio 49172 98', 'a=sendonly')],
      },
    ],
  },
  {
    name: '4.1: a second audio stream is added, at another address',
    exchanges: [
      { from: 'alice', offer: [stream('audio 49170 0 97')], answer: [stream('audio 49170 97')] },
      {
        from: 'bob',
        offer: [stream('audio 49170 97'), stream('audio 48282 98', 'c=IN IP4 mediaserver', 'a=recvonly')],
        answer: [stream('audio 49170 97'), stream('audio 49172 98', 'c=IN IP4 alice', 'a=sendonly')],
      },
    ],
  },
  {
    name: '4.2: video is added to audio',
    exchanges: [
      { from: 'alice', offer: [stream('audio 49170 0')], answer: [stream('audio 49172 0')] },
      {
        from: 'alice',
        offer: [stream('audio 49170 0'), stream('video 49172 31')],
        answer: [stream('audio 49172 0'), stream('video 49168 31')],
      },
    ],
  },
  {
    name: '4.3: video is taken away again',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 97'), stream('video 51372 31')],
        answer: [stream('audio 49174 97'), stream('video 49170 31')],
      },
      {
        from: 'bob',
        offer: [stream('audio 49174 97'), stream('video 0 31')],
        answer: [stream('audio 49170 97'), stream('video 0 31')],
      },
    ],
  },
  {
    name: '5.2: an address of nowhere, and then one',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 23442 97')],
        answer: [stream('audio 49170 97')],
        at: { alice: '0.0.0.0' },
        holding: ['alice'],
      },
      { from: 'alice', offer: [stream('audio 49170 97')], answer: [stream('audio 49170 97')] },
    ],
  },
  {
    name: '5.3: an answer from nowhere, and then an offer',
    exchanges: [
      {
        from: 'alice',
        offer: [stream('audio 49170 97')],
        answer: [stream('audio 9322 97')],
        at: { bob: '0.0.0.0' },
        holding: ['bob'],
      },
      { from: 'bob', offer: [stream('audio 49172 97')], answer: [stream('audio 49170 97')] },
    ],
  },
];

test.each(examples)('RFC 4317 $name', play);

test('RFC 4317 5.1: an offer of no media is refused, as Asterisk does, and may be followed by one of audio', () => {
  const alice = call();
  expect(alice.receive(description('alice', 1))).toEqual({ kind: 'failed', status: 488 });
  expect(alice.receive(description('alice', 2, stream('audio 49170 97')))).toMatchObject({ kind: 'offered' });
});
