// A call's offers and answers alone and over time: what is taken, what is said, what fails and changes nothing.
import { describe, expect, test } from 'vitest';
import type { Negotiation } from '../../../../src/technologies/pjsip/sdp/index.ts';
import {
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
const sdes = { media_encryption: 'sdes' } as const;
const keyed = `m=audio 40000 RTP/SAVP 0
  a=crypto:1 AEAD_AES_256_GCM inline:${'B'.repeat(59)}=
  a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:${'A'.repeat(40)}`;

describe('alone', () => {
  test('an offer is answered inactive, whoever asked for it', () => {
    const one = call();
    expect(one.receive(offer(audio))).toMatchObject({ kind: 'offered', isHeld: false });
    expect(media(one.answerAlone())).toEqual(lines([inactiveAudio]));
    expect([one.isEstablished, one.isStable]).toEqual([true, true]);
  });

  test('our offer names all codecs, and a later one what the far end has chosen', () => {
    const one = call();
    expect(media(one.offerAlone())[0]).toBe('m=audio 9 RTP/AVP 0 8 3 101');
    must(one.answered(offer('m=audio 40000 RTP/AVP 8')));
    expect(media(one.offerAlone())).toEqual(lines(['m=audio 9 RTP/AVP 8\na=rtpmap:8 PCMA/8000\na=inactive']));
  });

  test('a browser is answered with what it needs to wait, in the streams that are taken', () => {
    const one = call(webrtc);
    must(one.receive(browser('a')));
    const text = one.answerAlone();
    expect(text).toContain('\r\na=group:BUNDLE a\r\n');
    const [line, ...rest] = media(text);
    expect(line).toBe('m=audio 9 UDP/TLS/RTP/SAVPF 0');
    for (const each of [
      /^a=ice-ufrag:\S{8}$/,
      /^a=ice-pwd:\S{24}$/,
      /^a=fingerprint:sha-256 (?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/,
    ])
      expect(rest).toContainEqual(expect.stringMatching(each));
    expect(rest).toEqual(expect.arrayContaining(['a=setup:active', 'a=rtcp-mux', 'a=mid:a', 'a=inactive']));
    expect(rest.slice(-2)).toEqual(['m=video 0 UDP/TLS/RTP/SAVPF 96', 'a=mid:v']);
  });

  test('a browser is offered to send at first, and later nothing', () => {
    const one = call(webrtc);
    const first = one.offerAlone();
    expect(first).toContain('\r\na=group:BUNDLE 0\r\n');
    expect(media(first)).toEqual(expect.arrayContaining(['a=sendrecv', 'a=setup:actpass', 'a=mid:0']));
    must(one.answered(first.replace('actpass', 'active')));
    expect(media(one.offerAlone())).toEqual(expect.arrayContaining(['a=inactive', 'a=setup:actpass', 'a=mid:0']));
  });

  test('SDES is answered with a key of our own, for the first suite that we know', () => {
    const one = call(sdes);
    must(one.receive(offer(keyed)));
    expect(media(one.answerAlone())).toContainEqual(
      expect.stringMatching(/^a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:[A-Za-z0-9+/]{40}$/),
    );
  });

  test.each<[string, Parameters<typeof call>[0], string]>([
    ['plain media, where DTLS is wanted', dtls, audio],
    ['plain media, where SDES is wanted', sdes, audio],
    ['DTLS, where nothing is encrypted', {}, `m=audio 4 UDP/TLS/RTP/SAVP 0\n${fingerprint}`],
    ['SDES, where nothing is encrypted', {}, keyed],
    ['DTLS without a certificate', dtls, 'm=audio 4 UDP/TLS/RTP/SAVP 0'],
    ['SDES without a key', sdes, 'm=audio 4 RTP/SAVP 0'],
    ['video alone', {}, 'm=video 4 RTP/AVP 31'],
    ['events alone', {}, 'm=audio 4 RTP/AVP 101\na=rtpmap:101 telephone-event/8000'],
    ['no common codec', {}, 'm=audio 4 RTP/AVP 18'],
    ['a line that is none', {}, `${audio}\nhello`],
    ['a stream without formats', {}, 'm=audio 4 RTP/AVP'],
    ['more streams than anyone has', {}, Array(33).fill(audio).join('\n')],
    ['more formats than there are', {}, `m=audio 4 RTP/AVP ${Array(129).fill(0).join(' ')}`],
    ['too much', {}, `${audio}\na=x:${'x'.repeat(65_536)}`],
  ])('%s is refused', (_, settings, body) => {
    const one = call(settings);
    expect(one.receive(offer(body))).toEqual(failed);
    expect([one.isEstablished, one.isStable]).toEqual([false, true]);
  });
});

describe('a session', () => {
  const up = (): Negotiation => {
    const one = call();
    must(one.receive(offer(audio)));
    one.answerAlone();
    return one;
  };

  test('stays as it was when an offer is refused, by either side', () => {
    const one = up();
    const before = [one.local, one.remote];
    must(one.receive(offer(audio, audio)));
    one.drop();
    one.offerAlone();
    one.refused();
    expect(one.receive(offer('m=audio 4 RTP/AVP 18'))).toEqual(failed);
    expect(one.receive(offer())).toEqual(failed);
    expect(one.receive(offer('m=video 4 RTP/AVP 31', audio))).toEqual(failed);
    one.offerAlone();
    expect(one.answered(offer('m=audio 4 RTP/AVP 18'))).toEqual(failed);
    expect([one.local, one.remote]).toEqual(before);
    expect(one.isStable).toBe(true);
  });

  test('takes no offer while there is another', () => {
    const one = up();
    must(one.receive(offer(audio)));
    expect(one.receive(offer(audio))).toEqual({ kind: 'failed', status: 491 });
    expect(one.offerFrom(offer(audio))).toEqual({ kind: 'failed', status: 491 });
  });

  test('is held by the far end until it says otherwise; an answer to what is inactive says nothing', () => {
    const one = up();
    expect(one.receive(offer(`${audio}\na=sendonly`))).toMatchObject({ isHeld: true });
    one.answerAlone();
    one.offerAlone();
    expect(one.answered(offer(`${audio}\na=inactive`))).toMatchObject({ isHeld: true });
    expect(one.receive(offer(audio))).toMatchObject({ isHeld: false });
    expect(one.isHeld).toBe(true);
    one.answerAlone();
    expect(one.isHeld).toBe(false);
  });

  test('takes the answers of several early dialogs to one offer: the last holds', () => {
    const one = call();
    one.offerAlone();
    must(one.answered(offer(audio)));
    must(one.answered(offer('m=audio 5 RTP/AVP 8')));
    expect(one.remote).toContain('m=audio 5 RTP/AVP 8');
  });
});
