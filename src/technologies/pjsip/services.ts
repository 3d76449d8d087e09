// Who handles which method: services come and go, and what nobody handles is refused in the right way.
import { Fault } from '../../errors.ts';
import type { Service } from './service.ts';

/** The methods of RFC 3261 and of its extensions, in the order in which Allow names them. */
const STANDARD = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'REGISTER',
  'MESSAGE',
  'INFO',
  'UPDATE',
  'PRACK',
  'REFER',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
];

/** Whoever takes INVITE is sent these as well. */
const WITH_INVITE = ['ACK', 'CANCEL', 'BYE'];

export class Services {
  readonly #byMethod = new Map<string, Service>();
  /** Put together when it is asked for, until another one comes or goes. */
  #allow: string | undefined;

  /** From now on it gets the requests of its methods, until what is returned is called. Fails with a Fault 'conflict' when another has one of them. */
  register(service: Service): () => void {
    const taken = service.methods.find((method) => this.#byMethod.has(method));
    if (taken !== undefined)
      throw new Fault('conflict', `${taken} is taken by ${this.#byMethod.get(taken)?.name}, not by ${service.name}`);
    for (const method of service.methods) this.#byMethod.set(method, service);
    this.#allow = undefined;
    return () => {
      this.#allow = undefined;
      for (const method of service.methods) {
        if (this.#byMethod.get(method) === service) this.#byMethod.delete(method);
      }
    };
  }

  find(method: string): Service | undefined {
    return this.#byMethod.get(method);
  }

  /** How a request is refused that nobody takes: 405 for a method of the standards, 501 for any other. */
  refusal(method: string): 405 | 501 {
    return STANDARD.includes(method) ? 405 : 501;
  }

  /** The value of Allow: what is taken now. */
  get allow(): string {
    return (this.#allow ??= this.#takenNow());
  }

  #takenNow(): string {
    const taken = new Set([...this.#byMethod.keys(), ...(this.#byMethod.has('INVITE') ? WITH_INVITE : [])]);
    return [
      ...STANDARD.filter((each) => taken.has(each)),
      ...[...taken].filter((each) => !STANDARD.includes(each)),
    ].join(', ');
  }
}
