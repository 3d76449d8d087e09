// Builds a request that we send, of any method, in a dialog or out of one.
import { Fault } from '../../errors.ts';
import type { EndpointObject } from './objects/index.ts';
import type { Outbound } from './outbound.ts';
import type { BodyEncoding, ClientTransaction, OutgoingRequest, SipHeader } from './stack.ts';

/** Where it goes: out of a dialog its Request-URI, and the way there if that is not where the URI leads; or the dialog. */
export type Way = Pick<OutgoingRequest, 'nextHop' | 'headers'> &
  ({ readonly uri: string; readonly dialogId?: never } | { readonly uri?: string; readonly dialogId: string });

/** What describes a body is known from the body. */
const OF_A_BODY: ReadonlySet<string> = new Set(['content-type', 'content-length']);

export class RequestBuilder {
  readonly #send: (request: OutgoingRequest) => ClientTransaction;
  readonly #method: string;
  readonly #way: Way;
  readonly #headers: SipHeader[];
  #body: { readonly type: string; readonly text: string; readonly encoding: BodyEncoding | undefined } | undefined;

  constructor(send: (request: OutgoingRequest) => ClientTransaction, method: string, way: Way) {
    this.#send = send;
    this.#method = method;
    this.#way = way;
    this.#headers = [...(way.headers ?? [])];
  }

  /** One more header; those of the same name stay, before it. Fails with a Fault 'invalid' for what describes a body. */
  header(name: string, value: string): this {
    if (OF_A_BODY.has(name.toLowerCase())) throw new Fault('invalid', `${name} comes with the body`);
    this.#headers.push([name, value]);
    return this;
  }

  /** Instead of the body before, with its type and its length. With an encoding, `text` is the bytes written so. */
  body(type: string, text: string, encoding?: BodyEncoding): this {
    this.#body = { type, text, encoding };
    return this;
  }

  /** As it is now: what is added later is part of the next one. */
  send(more: Pick<OutgoingRequest, 'onProvisional'> = {}): ClientTransaction {
    const described: SipHeader[] = this.#body === undefined ? [] : [['Content-Type', this.#body.type]];
    return this.#send({
      ...this.#way,
      ...more,
      method: this.#method,
      headers: [...this.#headers, ...described],
      ...(this.#body !== undefined && { body: this.#body.text, bodyEncoding: this.#body.encoding }),
    });
  }
}

/** A request in the name of an endpoint: challenges are answered with its `outbound_auth`. */
export type Requests = (endpoint: EndpointObject, method: string, way: Way) => RequestBuilder;

export const requests =
  (outbound: Outbound): Requests =>
  (endpoint, method, way) =>
    new RequestBuilder((request) => outbound(endpoint, request), method, way);
