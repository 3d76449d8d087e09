// Bodies that are no text: frames are UTF-8, so the embedded server and we put them into base64, under a header of our own.
import { Fault } from '../../errors.ts';
import type { SipHeader, SipMessage } from '../../technologies/pjsip/stack.ts';
import { SipHeaders } from '../../technologies/pjsip/stack.ts';
import type { SrfParts } from './srf.ts';
import { encodingHeader, readMessage, type ReadMessage } from './text.ts';

export interface Bodies {
  /** Reads a message of the SIP server's. */
  read(raw: string): ReadMessage;
  /** Whether its body may have held bytes that did not come through. */
  mayLack(message: SipMessage): boolean;
  /** Fails with a Fault 'unsupported-media' when the SIP server does not take such a body. */
  write(headers: Record<string, string>, message: Pick<Partial<SipMessage>, 'body' | 'bodyEncoding'>): SrfParts;
}

/** With the embedded server, which lets no such header in from the network. */
export const anyBodies: Bodies = {
  read(raw) {
    const message = readMessage(raw);
    const bodyEncoding = message.headers.get(encodingHeader);
    if (bodyEncoding !== 'base64') return message;
    const length = String(Buffer.byteLength(message.body, 'base64'));
    const headers = [...message.headers]
      .filter(([name]) => name !== encodingHeader)
      .map((line): SipHeader => (line[0].toLowerCase() === 'content-length' ? [line[0], length] : line));
    return { ...message, headers: new SipHeaders(headers), bodyEncoding };
  },
  mayLack: () => false,
  write: (headers, { body, bodyEncoding }) => ({
    headers: bodyEncoding === undefined ? headers : { ...headers, [encodingHeader]: bodyEncoding },
    body,
  }),
};

/** With a drachtio-server, which knows nothing of it: there the header says what its sender wants. */
export const textBodies: Bodies = {
  read: readMessage,
  // What a decoder puts in place of what is no UTF-8. A sender may mean it, but nobody can tell.
  mayLack: ({ body }) => body.includes('\ufffd'),
  write(headers, { body, bodyEncoding }) {
    if (bodyEncoding === undefined) return { headers, body };
    throw new Fault('unsupported-media', 'this SIP server takes no body that is not text');
  },
};
