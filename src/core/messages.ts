// Text messages outside of calls: out by the technology that the address names, in to whoever listens.
import { Fault, notFound } from '../errors.ts';
import { parseAddress } from '../ids.ts';
import type { Applications } from './applications.ts';
import type { Endpoint } from './endpoint.ts';
import type { TextMessage } from './facts.ts';
import type { TextSender } from './technology.ts';

export class Messages {
  readonly #applications: Applications;
  readonly #senders = new Map<string, TextSender>();

  constructor(applications: Applications) {
    this.#applications = applications;
  }

  addSender(sender: TextSender): void {
    this.#senders.set(sender.scheme, sender);
  }

  /** Hands the message to the technology before the colon of `to`. Fails with a Fault 'not-found' when there is none, or as that fails. */
  async send(message: TextMessage): Promise<void> {
    const to = parseAddress(message.to);
    const sender = to && this.#senders.get(to.scheme);
    if (to === undefined || sender === undefined) {
      throw new Fault('not-found', `Nothing sends messages to ${message.to}`, { code: 'destination-not-found' });
    }
    await sender.send(to.address, message);
  }

  /** A message has come from an endpoint. Fails with a Fault 'not-found' when nobody would be told: then it is refused, not lost. */
  receive(endpoint: Endpoint, text: TextMessage): void {
    if (!this.#applications.hearsTexts(endpoint.snapshot)) throw notFound('Recipient');
    endpoint.textReceived(text);
  }
}
