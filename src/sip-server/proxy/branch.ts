// One destination of a forwarded request: sent, watched, and given up.
import { fabricate } from '../core/compose-request.ts';
import { callOff, launch } from '../core/launch.ts';
import type { Outgoing } from '../core/outgoing.ts';
import { freshTag, freshToken, type Stack } from '../core/stack.ts';
import { towards } from '../core/towards.ts';
import type { SipUri } from '../grammar/uri.ts';
import type { SipResponse } from '../message.ts';
import type { Timer } from '../timers.ts';
import type { Flow } from '../transport/flow.ts';
import { composeForwarded, type Forwarding } from './forward.ts';

export interface BranchParts {
  readonly stack: Stack;
  readonly forwarding: Forwarding;
  /** Where it goes, whatever the Request-URI. */
  readonly next: SipUri;
  readonly provisionalTime: number | undefined;
  readonly finalTime: number | undefined;
  /** A response from the network; without a flow it is our own, since none came. */
  readonly heard: (branch: Branch, response: SipResponse, size: number, flow?: Flow) => void;
  /** It took too long, and is called off. */
  readonly givenUp: (branch: Branch) => void;
}

/** ms without a final response to an INVITE after its last provisional one: timer C, more than three minutes (RFC 3261 16.6 step 11). */
const timerC = 185_000;

export class Branch {
  readonly #parts: BranchParts;
  readonly #timers: Timer[] = [];
  #outgoing: Outgoing | undefined;
  #patience: Timer | undefined;
  #isCalledOff = false;
  /** No final response is expected any more. */
  #isOver = false;

  constructor(parts: BranchParts) {
    this.#parts = parts;
  }

  start(): void {
    const { stack, forwarding, next } = this.#parts;
    towards(stack, next, (destination) => {
      if (this.#isCalledOff || destination.kind !== 'flow' || stack.outgoing.isFull) return this.#nowhere();
      const recompose = composeForwarded.bind(undefined, forwarding);
      this.#outgoing = launch(stack, {
        request: recompose(destination.flow, freshToken(stack)),
        way: destination,
        owner: undefined,
        dialog: undefined,
        dialogId: '',
        recompose,
        relay: {
          response: (response, flow, size) => this.#hear(response, size, flow),
          failed: (response) => this.#hear(response, 0),
        },
      });
      this.#watch();
    });
  }

  /** Asks the other side to stop, as far as there is anything to stop. */
  callOff(): void {
    if (this.#isOver || this.#isCalledOff) return;
    this.#isCalledOff = true;
    const open = this.#outgoing && this.#parts.stack.outgoing.openInvite(this.#outgoing.id);
    if (open !== undefined) callOff(open);
  }

  #watch(): void {
    const { stack, provisionalTime, finalTime, forwarding } = this.#parts;
    const { timers } = stack;
    const giveUp = (): void => this.#giveUp();
    if (provisionalTime !== undefined)
      this.#timers.push(timers.after(provisionalTime, () => this.#outgoing?.isHeard === true || giveUp()));
    if (finalTime !== undefined) this.#timers.push(timers.after(finalTime, giveUp));
    if (forwarding.request.method === 'INVITE') this.#wait();
  }

  #wait(): void {
    this.#patience?.cancel();
    this.#patience = this.#parts.stack.timers.after(timerC, () => this.callOff());
  }

  #giveUp(): void {
    if (this.#isOver || this.#isCalledOff) return;
    this.callOff();
    this.#parts.givenUp(this);
  }

  #nowhere(): void {
    const { stack, forwarding } = this.#parts;
    const [status, reason] = this.#isCalledOff
      ? ([487, 'Request Terminated'] as const)
      : ([503, 'Service Unavailable'] as const);
    const own = composeForwarded(forwarding, { protocol: 'udp', local: stack.transports.anyPlace }, freshToken(stack));
    this.#hear(fabricate(own, status, reason, freshTag(stack)), 0);
  }

  #hear(response: SipResponse, size: number, flow?: Flow): void {
    if (response.status >= 200) {
      this.#isOver = true;
      this.#patience?.cancel();
      for (const timer of this.#timers) timer.cancel();
    } else if (response.status > 100 && this.#patience !== undefined && !this.#isCalledOff) this.#wait();
    this.#parts.heard(this, response, size, flow);
  }
}
