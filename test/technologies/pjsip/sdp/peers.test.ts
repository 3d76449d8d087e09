// Two calls in a bridge: what goes through untouched, in which lines, and who offers.
import { describe, expect, test } from 'vitest';
import { meeting, type Negotiation } from '../../../../src/technologies/pjsip/sdp/index.ts';
import {
  addressOf,
  audio,
  browser,
  call,
  failed,
  fingerprint,
  inactiveAudio,
  lines,
  media,
  must,
  offer,
  webrtc,
} from './sdp-room.ts';

const dtls = { webrtc: false, media_encryption: 'dtls' } as const;

describe('with a peer', () => {
  test("what is not ours to change goes through as it is, in the names of the other leg's streams", () => {
    const [a, b] = [call({ ...webrtc, allow: ['ulaw', 'opus'] }), call(webrtc)];
    must(b.answered(b.offerAlone().replace('actpass', 'active')));
    const text = must(b.offerFrom(must(a.receive(browser('x')))));

    expect(addressOf(text)).toBeUndefined();
    const above = text.slice(0, text.indexOf('m=')).split('\r\n');
    expect(above.slice(3)).toEqual([
      't=0 0',
      'a=group:BUNDLE 0 v',
      'a=extmap-allow-mixed',
      'a=msid-semantic: WMS *',
      '',
    ]);
    const before = media(browser('x'));
    expect(media(text)).toEqual(
      before
        .filter((line) => !/rtpmap:63|fmtp:63|sdes:mid/.test(line))
        .map((line) => (line === 'a=mid:x' ? 'a=mid:0' : line.replace(' 63 0 111 13 110', ' 111 0 13 110'))),
    );
  });

  test('an answer is in the order of the offer, whatever the order of the lines of the leg', () => {
    const [a, b] = [call(), call()];
    const video = 'm=video 40002 RTP/AVP 31';
    must(b.receive(offer('m=image 4 udptl t38', audio)));
    b.answerAlone();
    const toB = must(b.offerFrom(must(a.receive(offer(video, audio)))));
    expect(media(toB).filter((line) => line.startsWith('m='))).toEqual([
      'm=image 0 udptl t38',
      'm=audio 40000 RTP/AVP 0',
      'm=video 40002 RTP/AVP 31',
    ]);
    const toA = must(
      a.answerFrom(must(b.answered(offer('m=image 0 udptl t38', 'm=audio 5 RTP/AVP 0', 'm=video 7 RTP/AVP 31')))),
    );
    expect(media(toA)).toEqual(['m=video 7 RTP/AVP 31', 'm=audio 5 RTP/AVP 0']);
  });

  test('that wants other encryption, nothing can be offered', () => {
    const [a, b] = [call(), call(dtls)];
    const passed = must(a.receive(offer(audio)));
    expect(b.offerFrom(passed)).toEqual(failed);
    expect(b.isStable).toBe(true);
    expect(media(a.answerAlone())).toEqual(lines([inactiveAudio]));
  });

  test('video that was on stays when the bridge ends, inactive', () => {
    const [a, b] = [call(), call()];
    const body = [audio, 'm=video 40002 RTP/AVP 96\na=rtpmap:96 VP8/90000\na=x:1'];
    must(a.answerFrom(must(b.offerFrom(must(a.receive(offer(...body))))) && must(b.answered(offer(...body)))));
    for (const leg of [a, b])
      expect(media(leg.offerAlone())).toEqual(
        lines([inactiveAudio, 'm=video 9 RTP/AVP 96\na=rtpmap:96 VP8/90000\na=inactive']),
      );
  });

  test('an answer of nothing, of too few streams or of other types is none, and the offer still waits', () => {
    const one = call();
    must(one.receive(offer(audio, 'm=video 4 RTP/AVP 31')));
    for (const body of [
      ['m=audio 0 RTP/AVP 0', 'm=video 0 RTP/AVP 31'],
      [audio],
      ['m=video 4 RTP/AVP 31', audio],
      ['x'],
    ])
      expect(one.answerFrom(offer(...body))).toEqual(failed);
    expect(one.isStable).toBe(false);
    expect(must(one.answerFrom(offer(audio, 'm=video 0 RTP/AVP 31')))).toContain('m=video 0');
  });
});

describe('who gives the late offer', () => {
  const caller = (certificate: string): Negotiation => {
    const one = call(webrtc);
    must(one.receive(browser('0').replaceAll(fingerprint, `a=fingerprint:sha-256 ${certificate}`)));
    one.answerAlone();
    return one;
  };
  /** Each is told the other's certificate. */
  const meet = (one: Negotiation, other: Negotiation): void => {
    const answer = other.remote!;
    must(other.offerFrom(must(one.receive(one.remote!))));
    must(one.answerFrom(must(other.answered(answer))));
  };
  const who = (one: Negotiation, other: Negotiation): unknown => {
    const { offerer, isRenewed } = meeting(one, other, (each) => each);
    return [offerer === one ? 'one' : 'other', isRenewed];
  };

  test('is anyone at first, and the one without a former peer later', () => {
    const [a, b, c] = [caller('A'), caller('B'), caller('C')];
    expect(who(a, b)).toEqual(['one', false]);
    meet(a, b);
    expect(who(a, b)).toEqual(['one', false]);
    expect(who(a, c)).toEqual(['other', false]);
  });

  test('is not changed by an offer that was refused', () => {
    const [a, b] = [caller('A'), caller('B')];
    must(b.offerFrom(a.remote!));
    expect(b.expects(a)).toBe(true);
    b.refused();
    expect(b.expects(a)).toBe(false);
  });

  test('is the one that was with another since, and the other must forget it first', () => {
    const [a, b, c] = [caller('A'), caller('B'), caller('C')];
    meet(a, c);
    meet(b, c);
    expect([a.expects(c), c.expects(a)]).toEqual([true, false]);
    expect(who(a, c)).toEqual(['other', true]);
    must(a.answered(a.offerAlone(true).replace('actpass', 'active')));
    expect(who(a, c)).toEqual(['one', false]);
  });
});
