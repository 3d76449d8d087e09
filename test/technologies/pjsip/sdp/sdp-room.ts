// What tests of offers and answers share: descriptions written short, a call with its settings, its lines.
import { Negotiation, type StreamHandler } from '../../../../src/technologies/pjsip/sdp/index.ts';
import type { MediaSettings } from '../../../../src/technologies/pjsip/sdp/index.ts';

/** A description of media lines; each text may hold several lines, with spaces around. */
export const description = (host: string, version: number, ...media: readonly string[]): string =>
  [
    'v=0',
    `o=${host} 2890844526 ${version} IN IP4 ${host}`,
    's= ',
    `c=IN IP4 ${host}`,
    't=0 0',
    ...lines(media),
    '',
  ].join('\r\n');

export const lines = (media: readonly string[]): string[] =>
  media.flatMap((each) => each.split('\n').map((line) => line.trim())).filter((line) => line !== '');

/** From 0 up to 1, always the same. */
export function counting(): () => number {
  let count = 0;
  return () => (++count % 97) / 97;
}

const plain: MediaSettings = { allow: ['ulaw', 'alaw', 'gsm'], webrtc: false, media_encryption: 'no' };

export const call = (settings: Partial<MediaSettings> = {}, handlers?: readonly StreamHandler[]): Negotiation =>
  new Negotiation({
    settings: { ...plain, ...settings },
    address: '127.0.0.1',
    random: counting(),
    ...(handlers && { handlers }),
  });

/** What stands from the first stream on; the address of the session before it, if there is one. */
export function media(text: string): string[] {
  const all = text.split('\r\n').slice(0, -1);
  const first = all.findIndex((line) => line.startsWith('m='));
  return first === -1 ? [] : all.slice(first);
}

export const addressOf = (text: string): string | undefined => /^c=(.*)$/m.exec(text.split('\r\nm=')[0]!)?.[1]?.trim();

export function originOf(text: string): { readonly sessionId: string; readonly version: number } {
  const [, sessionId, version] = /^o=- (\d+) (\d+) IN IP4 127\.0\.0\.1\r$/m.exec(text)!;
  return { sessionId: sessionId!, version: Number(version) };
}

/** The text of what is to be sent, or of what the peer is to be given. */
export function must(outcome: { readonly kind: string; readonly text?: string; readonly forPeer?: string }): string {
  const text = outcome.text ?? outcome.forPeer;
  if (text === undefined) throw new Error(`it is ${JSON.stringify(outcome)}`);
  return text;
}

export const audio = 'm=audio 40000 RTP/AVP 0\na=rtpmap:0 PCMU/8000';
/** What that is answered with alone. */
export const inactiveAudio = 'm=audio 9 RTP/AVP 0\na=rtpmap:0 PCMU/8000\na=inactive';
/** From a telephone. */
export const offer = (...body: readonly string[]): string => description('192.0.2.1', 1, ...body);
export const failed = { kind: 'failed', status: 488 };
export const webrtc: MediaSettings = { allow: ['opus', 'ulaw'], webrtc: true, media_encryption: 'dtls' };

export const fingerprint = `a=fingerprint:sha-256 ${'AB:'.repeat(31)}CD`;
/** An offer of Chromium's, of audio and video, shortened. */
export const browser = (mid: string, host = '192.0.2.1'): string =>
  [
    'v=0',
    `o=- 1 1 IN IP4 ${host}`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${mid} v`,
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS *',
    'm=audio 9 UDP/TLS/RTP/SAVPF 63 0 111 13 110',
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    'a=candidate:1 1 udp 2113937151 x.local 43073 typ host generation 0 network-cost 999',
    'a=ice-ufrag:abcd',
    'a=ice-pwd:0123456789abcdefghijkl',
    'a=ice-options:trickle',
    fingerprint,
    'a=setup:actpass',
    `a=mid:${mid}`,
    'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
    'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    'a=sendrecv',
    'a=msid:s t',
    'a=rtcp-mux',
    'a=x-unknown:to all',
    'a=rtpmap:63 red/48000/2',
    'a=fmtp:63 111/111',
    'a=rtpmap:111 opus/48000/2',
    'a=rtcp-fb:111 transport-cc',
    'a=fmtp:111 useinbandfec=1',
    'a=rtpmap:110 telephone-event/48000',
    'a=ssrc:1 cname:c',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'c=IN IP4 0.0.0.0',
    'a=mid:v',
    'a=ice-ufrag:abcd',
    'a=ice-pwd:0123456789abcdefghijkl',
    fingerprint,
    'a=rtpmap:96 VP8/90000',
    '',
  ].join('\r\n');
