// A request as a service gets it, without a stack around it.
import { SipHeaders, type SipHeader, type SipMessage, type SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { fakeStack, type Incoming, type Received } from '../../support/fake-stack.ts';

export function incoming(given: Incoming): { readonly request: SipRequest; readonly received: Received } {
  const stack = fakeStack();
  let request: SipRequest | undefined;
  void stack.start((each) => (request = each));
  const received = stack.receive(given);
  let onAck: ((ack: SipMessage) => void) | undefined;
  return {
    request: { ...request!, onAck: (handler) => (onAck = handler) },
    received: {
      ...received,
      /** What an ACK carries is SDP. */
      ack(body = '') {
        const type: readonly SipHeader[] = body === '' ? [] : [['Content-Type', 'application/sdp']];
        onAck?.({ headers: new SipHeaders(type), body });
      },
    },
  };
}

export const requestOf = (given: Incoming): SipRequest => incoming(given).request;
