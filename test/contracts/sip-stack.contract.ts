// What every SipStack does, shown on real sockets to a peer that shares no code with it.
import { describe } from 'vitest';
import type { SipStack } from '../../src/technologies/pjsip/stack.ts';
import { anyBodies } from './sip-stack/bodies.ts';
import { callsIn } from './sip-stack/calls-in.ts';
import { callsOut } from './sip-stack/calls-out.ts';
import { flows } from './sip-stack/flows.ts';
import { headersAndBodies } from './sip-stack/headers.ts';
import { messages } from './sip-stack/messages.ts';
import { requests } from './sip-stack/requests.ts';
import { subscriptions } from './sip-stack/subscriptions.ts';

export interface SipStackTraits {
  /** The same stack, which gives up a request that nobody answers after `patience` milliseconds (64 times T1). */
  readonly impatient: MakeSipStack;
  readonly patience: number;
  /** It has the optional capability `flows`, which a real drachtio-server lacks. */
  readonly tellsOfFlows: boolean;
  /** A NOTIFY that ends a subscription is ours to answer; the real server does it itself, with 500 (protocol.md 10, 16 T5). */
  readonly takesLastNotify: boolean;
  /** Challenges leave as a line each, whatever the client's protocol joins (protocol.md 16 T11). */
  readonly keepsChallengesApart: boolean;
  /** Requests with methods that no standard knows are handed on; the real server drops them (protocol.md 10). */
  readonly passesUnknownMethods: boolean;
  /** A MESSAGE beyond the MTU is never sent by UDP (RFC 3428 8); the real server never chooses by size (protocol.md 9). */
  readonly sparesUdp: boolean;
  /** It has the optional capability `binaryBodies`: the frames of a real drachtio-server are text. */
  readonly carriesAnyBody: boolean;
}

/** Gives a stack that was not yet started, of a SIP server that listens on UDP and TCP; stops it when the test has ended. */
export type MakeSipStack = () => Promise<SipStack>;

export function sipStackContract(name: string, make: MakeSipStack, traits: SipStackTraits): void {
  describe(`${name} as a SipStack`, () => {
    requests(make, traits);
    messages(make, traits);
    headersAndBodies(make, traits);
    anyBodies(make, traits);
    callsIn(make, traits);
    callsOut(make);
    subscriptions(make, traits);
    flows(make, traits);
  });
}
