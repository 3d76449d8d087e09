// Text messages that go out: one attempt is a MESSAGE (RFC 3428) to every contact of the address at once, and what became of it.
import type { TextMessage } from '../../core/facts.ts';
import type { TextAttempt, TextOutcome, TextRecipient, TextSender } from '../../core/technology.ts';
import { Fault } from '../../errors.ts';
import { towards, type Contact } from './contact.ts';
import { directory, targetsOf, type Directory, type Targets } from './destination.ts';
import type { Location } from './location.ts';
import { isAccepted, outcomeOf, type Answer } from './messages-outcome.ts';
import { dated, headersOf, identified, refuseBreaking, type Addresses } from './messages-sent.ts';
import type { EndpointObject, PjsipObjects } from './objects/index.ts';
import type { Outbound } from './outbound.ts';
import { ownUri } from './own-address.ts';
import { requests, type Requests } from './request.ts';
import type { SipStack } from './stack.ts';
import { retryAfterOf, statusOf } from './statuses.ts';

export interface DeliveriesParts {
  readonly objects: Pick<PjsipObjects, 'endpoints' | 'aors' | 'global'>;
  readonly location: Pick<Location, 'contacts'>;
  readonly stack: Pick<SipStack, 'addresses'>;
  readonly outbound: Outbound;
}

/** A message on its way, whoever it goes to. */
interface Delivery {
  readonly address: string;
  readonly message: TextMessage;
  readonly attempt: TextAttempt;
  readonly onSent: TextAttempt['onSent'];
  readonly endpoint: EndpointObject;
  readonly known: Recipient | undefined;
}

/** What was found out of the recipient of a message, and how it is written for the first of its contacts. */
interface Recipient {
  readonly address: string;
  readonly message: TextMessage;
  readonly targets: Targets;
  readonly target: string;
  readonly parts: ReturnType<typeof headersOf>;
}

export class Deliveries implements TextSender {
  readonly scheme = 'pjsip';
  readonly #stack: DeliveriesParts['stack'];
  readonly #directory: Directory;
  readonly #request: Requests;
  /** Who delivers a message asks for its recipient just before. */
  #last: Recipient | undefined;

  constructor({ objects, location, stack, outbound }: DeliveriesParts) {
    this.#stack = stack;
    this.#directory = directory(objects, location);
    this.#request = requests(outbound);
  }

  recipient(address: string, message: TextMessage): TextRecipient {
    refuseBreaking('to', address);
    const targets = targetsOf(address, this.#directory);
    const { endpoint, contacts } = targets;
    const target = contacts[0]?.uri ?? '';
    const parts = headersOf(address, message, this.#addresses(endpoint, target));
    this.#last = { address, message, targets, target, parts };
    return { endpoint: { tech: 'PJSIP', resource: endpoint.id }, isReachable: contacts.length > 0 };
  }

  /** Contacts that do not answer when they are asked whether they are there are tried, too. */
  async deliver(address: string, message: TextMessage, attempt: TextAttempt): Promise<TextOutcome> {
    const last = this.#last;
    const known = last?.message === message && last.address === address ? last : undefined;
    this.#last = undefined;
    try {
      const { endpoint, contacts } = known?.targets ?? targetsOf(address, this.#directory);
      const delivery = { address, message, attempt, onSent: once(attempt.onSent), endpoint, known };
      return outcomeOf(await decisive(contacts.map((contact) => this.#ask(delivery, contact))));
    } catch (error) {
      // The endpoint has been removed since.
      return outcomeOf([answerOf(error)]);
    }
  }

  #addresses(endpoint: EndpointObject, target: string): Addresses {
    return { own: ownUri(endpoint, this.#stack), target };
  }

  /** Fails only by a bug. */
  async #ask(delivery: Delivery, contact: Contact): Promise<Answer> {
    const { address, message, attempt, onSent, endpoint, known } = delivery;
    const { headers: route = [], ...way } = towards(contact);
    const { uri } = contact;
    try {
      const isWritten = known !== undefined && known.target === uri;
      const { headers, type } = isWritten ? known.parts : headersOf(address, message, this.#addresses(endpoint, uri));
      const all = [...route, ...identified(attempt), ...headers, ...dated(message.variables, attempt)];
      const transaction = this.#request(endpoint, 'MESSAGE', { ...way, uri, headers: all })
        .body(type, message.body, message.encoding)
        .send();
      await transaction.sent;
      onSent(uri);
      const { status, reason, headers: told } = await transaction.final;
      const retryAfter = retryAfterOf(told.get('Retry-After'));
      return { status, reason, contact: uri, ...(retryAfter !== undefined && { retryAfter }) };
    } catch (error) {
      return { ...answerOf(error), contact: uri };
    }
  }
}

/** A Fault as the answer that it stands for (RFC 3261 8.1.3.1); anything else is a bug. */
function answerOf(error: unknown): Answer {
  if (!(error instanceof Fault)) throw error;
  return { status: error.kind === 'too-large' ? 513 : statusOf[error.kind], reason: error.message };
}

/** All that have come when the first accepts it, or when there is none to wait for. */
const decisive = (asked: readonly Promise<Answer>[]): Promise<readonly Answer[]> =>
  new Promise((resolve, reject) => {
    const answers: Answer[] = [];
    if (asked.length === 0) resolve(answers);
    for (const each of asked)
      each.then((answer) => {
        answers.push(answer);
        if (isAccepted(answer) || answers.length === asked.length) resolve(answers);
      }, reject);
  });

function once(tell: (contact: string) => void): (contact: string) => void {
  let isTold = false;
  return (contact) => {
    if (!isTold) tell(contact);
    isTold = true;
  };
}
