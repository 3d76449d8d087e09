// A service takes the requests of the methods that it names: registrar, sessions, messages, options.
import type { Endpoint } from '../../core/endpoint.ts';
import type { EndpointObject } from './objects/index.ts';
import type { SipRequest } from './stack.ts';

/** Who sent a request, once that is known and proven. */
export interface Sender {
  /** Its configuration. */
  readonly object: EndpointObject;
  /** What the core knows of it. */
  readonly endpoint: Endpoint;
}

export interface Service {
  readonly name: string;
  /** The methods that it takes, out of a dialog and within one alike; in capitals. */
  readonly methods: readonly string[];
  /**
   * Answers the request, now or later. A Fault that it throws is answered with the status of its kind; anything else
   * is a bug, answered with 500. Requests within a dialog come without having been identified again: `sender` is
   * undefined then, and the service knows the dialog or answers 481.
   */
  handle(request: SipRequest, sender: Sender | undefined): Promise<void>;
}
