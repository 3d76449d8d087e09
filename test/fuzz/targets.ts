// Everything that reads octets of strangers, and what must hold of it whatever they are.
import { isDeepStrictEqual } from 'node:util';
import { FrameReader, readPayload } from '../../src/sip-server/control/frames.ts';
import { parseDraft } from '../../src/sip-server/control/command.ts';
import { paramOf, parseParams, splitChallenges } from '../../src/sip-server/grammar/lists.ts';
import {
  formatNameAddress,
  parseNameAddress,
  parseNameAddresses,
  tagOf,
  withTag,
} from '../../src/sip-server/grammar/name-address.ts';
import { isRequestUri, parseSipUri } from '../../src/sip-server/grammar/uri.ts';
import { stampVia, topVia } from '../../src/sip-server/grammar/via.ts';
import { headersOf, serialise } from '../../src/sip-server/message.ts';
import { parseMessage } from '../../src/sip-server/parser.ts';
import { StreamFramer } from '../../src/sip-server/transport/stream-framer.ts';
import { algorithmOf, parseDigest } from '../../src/technologies/pjsip/digest.ts';
import * as pjsip from '../../src/technologies/pjsip/name-address.ts';
import { Negotiation } from '../../src/technologies/pjsip/sdp/index.ts';
import { formatUri, parseUri, sameUri } from '../../src/technologies/pjsip/uri.ts';
import { frames, messages } from './corpus.ts';
import { inChunks, type Random } from './mutate.ts';

export interface Target {
  readonly name: string;
  readonly corpus: readonly Buffer[];
  /** Throws when something does not hold. True when the input was well-formed. */
  readonly run: (octets: Buffer, random: Random) => boolean;
}

const limits = { maxHeaders: 256, maxSize: 65_535 };

function mustBe(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`it does not hold that ${what}`);
}

function parser(octets: Buffer): boolean {
  const parsed = parseMessage(octets, limits);
  if (parsed.kind === 'problem') {
    mustBe(parsed.status >= 400 && parsed.status < 700, 'a refusal has a status of failure');
    mustBe(/^[ -~]+$/.test(parsed.reason), 'the reason can be sent');
    return false;
  }
  const { message } = parsed;
  const again = parseMessage(serialise(message), limits);
  mustBe(again.kind === 'message' && isDeepStrictEqual(again.message, message), 'what is written is read as the same');
  for (const key of ['from', 'to', 'call-id', 'cseq'])
    mustBe(headersOf(message, key).length === 1, `there is one ${key}`);
  if (message.kind === 'response') return true;
  const stamped = stampVia(message, { address: '192.0.2.9', port: 9 });
  const via = topVia(stamped);
  mustBe(via !== undefined && paramOf(via.params, 'rport') === '9', 'the Via can be stamped');
  mustBe(parseMessage(serialise(stamped), limits).kind === 'message', 'a stamped message is read');
  return true;
}

function framer(octets: Buffer, random: Random): boolean {
  const read = (chunks: readonly Buffer[]) => {
    const reader = new StreamFramer(10_000);
    return chunks.flatMap((chunk) => reader.push(chunk));
  };
  const parts = read([octets]);
  for (const part of parts) {
    if (part.kind !== 'message') continue;
    mustBe(part.octets.length <= 10_000, 'a message keeps to the limit');
    parser(part.octets);
  }
  mustBe(isDeepStrictEqual(read(inChunks(random, octets)), parts), 'it does not matter where a stream is cut');
  return parts.some(({ kind }) => kind === 'message');
}

/** Half of them with the length that they have, so that what is behind it is reached too. */
function frameReader(mutated: Buffer, random: Random): boolean {
  const payload = mutated.subarray(mutated.indexOf('#') + 1);
  const octets = random() < 0.5 ? mutated : Buffer.concat([Buffer.from(`${payload.length}#`), payload]);
  const read = (chunks: readonly Buffer[]) => {
    const reader = new FrameReader(10_000);
    const payloads: Buffer[] = [];
    for (const chunk of chunks) {
      const result = reader.push(chunk);
      payloads.push(...result.payloads);
      if (result.isBroken) return { payloads, isBroken: true };
    }
    return { payloads, isBroken: false };
  };
  const whole = read([octets]);
  mustBe(isDeepStrictEqual(read(inChunks(random, octets)), whole), 'it does not matter where a stream is cut');
  for (const payload of whole.payloads) {
    const { tokens, message } = readPayload(payload);
    mustBe(tokens.length > 0, 'a payload has a first token');
    if (message === undefined) continue;
    const draft = parseDraft(message);
    for (const { value } of draft?.headers ?? []) mustBe(!/[\r\n\0]/.test(value), 'no header can hold another one');
  }
  return whole.payloads.length > 0 && !whole.isBroken;
}

/** The values that header lines might have, and what stands in the first line. */
const valuesIn = (octets: Buffer): string[] =>
  octets
    .toString('latin1')
    .split('\r\n')
    .flatMap((line) => [line.slice(line.indexOf(':') + 1).trim(), line.split(' ')[1] ?? '']);

function grammar(octets: Buffer): boolean {
  let isAnyGood = false;
  for (const value of valuesIn(octets)) {
    const address = parseNameAddress(value);
    if (address !== undefined) {
      isAnyGood = true;
      mustBe(isDeepStrictEqual(parseNameAddress(formatNameAddress(address)), address), 'an address is read as written');
      mustBe(tagOf(withTag(value, 'fresh')) === 'fresh', 'a tag can be given');
    }
    for (const each of parseNameAddresses(value) ?? []) mustBe(!/[<>\s"]/.test(each.uri), 'a URI ends where it should');
    const uri = parseSipUri(value);
    mustBe(uri === undefined || uri.port === undefined || uri.port <= 65_535, 'a port is one');
    isRequestUri(value);
    parseParams(value);
    splitChallenges(value);
    topVia({ headers: [{ key: 'via', name: 'Via', value }] });
  }
  return isAnyGood;
}

function pjsipGrammar(octets: Buffer): boolean {
  let isAnyGood = false;
  for (const value of valuesIn(octets)) {
    const uri = parseUri(value);
    if (uri !== undefined) {
      isAnyGood = true;
      const again = parseUri(formatUri(uri));
      mustBe(again !== undefined && sameUri(again, uri), 'a URI is read as written');
    }
    const address = pjsip.parseNameAddress(value);
    if (address !== undefined) {
      const again = pjsip.parseNameAddress(pjsip.formatNameAddress(address));
      mustBe(isDeepStrictEqual(again, address), 'an address is read as written');
    }
    for (const fields of parseDigest([value])) algorithmOf(fields);
  }
  return isAnyGood;
}

/** As an offer, as an answer, and as the descriptions of a peer: what fails changes nothing. */
function sdp(octets: Buffer, random: Random): boolean {
  const text = octets.toString('latin1');
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  const settings = { allow: ['ulaw', 'alaw', 'opus'], webrtc: false, media_encryption: 'no' } as const;
  const fresh = new Negotiation({ settings, address: '127.0.0.1', random: () => 0.5 });
  const call = new Negotiation({ settings, address: '127.0.0.1', random: () => 0.5 });
  mustBe(call.receive(OFFER).kind === 'offered' && call.answerAlone() !== '', 'the call is up');
  const state = (): string => JSON.stringify([call.local, call.remote, call.isHeld, call.isStable]);
  const before = state();
  const unchanged = ({ kind }: { readonly kind: string }): boolean => {
    mustBe(kind !== 'failed' || state() === before, 'a failure changes nothing');
    return kind !== 'failed';
  };
  const isOffer = unchanged(call.receive(body));
  if (isOffer) call.drop();
  const isOffered = unchanged(call.offerFrom(body));
  if (isOffered) call.refused();
  mustBe(state() === before, 'what was refused changes nothing');
  call.offerAlone();
  unchanged(call.answered(body));
  const offered = fresh.receive(body);
  if (offered.kind === 'failed') return isOffer;
  if (random() < 0.5) fresh.answerAlone();
  else if (fresh.answerFrom(offered.forPeer).kind === 'failed') throw new Error('an offer does not answer itself');
  mustBe(fresh.isEstablished && fresh.isStable, 'an answer ends it');
  fresh.offerAlone();
  return true;
}

const OFFER = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\n';

const withSdp = messages.filter((octets) => octets.includes('\r\n\r\nv=0'));

export const targets: readonly Target[] = [
  { name: 'parser', corpus: messages, run: parser },
  { name: 'stream framer', corpus: messages, run: framer },
  { name: 'frame reader', corpus: frames, run: frameReader },
  { name: 'grammar', corpus: messages, run: grammar },
  { name: 'pjsip grammar', corpus: messages, run: pjsipGrammar },
  { name: 'sdp', corpus: withSdp, run: sdp },
];
