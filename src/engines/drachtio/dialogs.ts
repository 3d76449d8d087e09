// The calls that the SIP server keeps for us: who waits for their ACK, and who must be told when they are lost.
import type { SipMessage } from '../../technologies/pjsip/stack.ts';

type OnAck = (ack: SipMessage) => void;

/** By dialog id. There are as many as the server has calls; each leaves with its BYE, or with the connection. */
export class Dialogs {
  readonly #open = new Map<string, OnAck | undefined>();

  /** A 2xx to an INVITE was sent (then `onAck` is told of its ACK, once) or received. */
  opened(dialogId: string, onAck?: OnAck): void {
    if (onAck !== undefined || !this.#open.has(dialogId)) this.#open.set(dialogId, onAck);
  }

  /** An ACK that nobody waits for is a repeated one. */
  acknowledged(dialogId: string, ack: SipMessage): void {
    const onAck = this.#open.get(dialogId);
    if (onAck === undefined) return;
    this.#open.set(dialogId, undefined);
    onAck(ack);
  }

  closed(dialogId: string): void {
    this.#open.delete(dialogId);
  }

  /** No dialog survives the connection (the server ties them to it). */
  takeAll(): string[] {
    const lost = [...this.#open.keys()];
    this.#open.clear();
    return lost;
  }
}
