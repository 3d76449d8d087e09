// Plays an example of an RFC between two telephones whose calls are bridged: each description goes through us.
import { expect } from 'vitest';
import type { Negotiation } from '../../../../src/technologies/pjsip/sdp/index.ts';
import { addressOf, call, description, lines, media, must, originOf } from './sdp-room.ts';

type Side = 'alice' | 'bob';

/** The media lines of an offer and of its answer, as the RFC has them. */
export interface Exchange {
  readonly from: Side;
  readonly offer: readonly string[];
  /** What the other side is offered, where that is not the offer itself. */
  readonly offered?: readonly string[];
  readonly answer: readonly string[];
  /** What the offerer is answered, where that is not the answer itself. */
  readonly answered?: readonly string[];
  /** Where a side says to be found, when not at its name. */
  readonly at?: Partial<Record<Side, string>>;
  /** Who has put the other on hold after it. */
  readonly holding?: readonly Side[];
}

export interface Example {
  readonly name: string;
  readonly exchanges: readonly Exchange[];
}

interface Party {
  readonly call: Negotiation;
  version: number;
  /** What it was sent last, and the version of that. */
  heard: { readonly text: string; readonly version: number } | undefined;
}

export function play({ exchanges }: Example): void {
  const party = (): Party => ({ call: call(), version: 0, heard: undefined });
  const parties = { alice: party(), bob: party() };
  for (const { from, offer, offered = offer, answer, answered = answer, at = {}, holding = [] } of exchanges) {
    const to = from === 'alice' ? 'bob' : 'alice';
    const said = (side: Side, body: readonly string[]): string =>
      description(at[side] ?? side, ++parties[side].version, ...body);

    const received = must(parties[from].call.receive(said(from, offer)));
    hears(parties[to], must(parties[to].call.offerFrom(received)), at[from] ?? from, offered);
    const agreed = must(parties[to].call.answered(said(to, answer)));
    hears(parties[from], must(parties[from].call.answerFrom(agreed)), at[to] ?? to, answered);

    expect([parties.alice.call.isHeld, parties.bob.call.isHeld]).toEqual([
      holding.includes('alice'),
      holding.includes('bob'),
    ]);
  }
}

/** The streams are the other side's, the origin is ours, and its version tells what is new (RFC 3264 8). */
function hears(party: Party, text: string, address: string, body: readonly string[]): void {
  expect(media(text)).toEqual(lines(body));
  expect(addressOf(text)).toBe(`IN IP4 ${address}`);
  const { version } = originOf(text);
  const without = text.replace(/^o=.*$/m, '');
  if (party.heard !== undefined) expect(version - party.heard.version).toBe(without === party.heard.text ? 0 : 1);
  party.heard = { text: without, version };
}
