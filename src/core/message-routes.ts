// Whom a message that has come is given to: the first route whose pattern matches its recipient; the applications, if there is none.
import type { MessageRoute } from './message.ts';
import { match, parseExtension, type Place } from './routing.ts';

export interface MessageRouting {
  readonly deliver: MessageRoute['deliver'];
  /** The address of the endpoint, where it is not the recipient itself. */
  readonly address?: string;
}

export class MessageRoutes {
  readonly #routes: readonly { readonly places: readonly Place[]; readonly routing: MessageRouting }[];

  /** The patterns must be valid: see `parseExtension`. */
  constructor(routes: readonly MessageRoute[]) {
    this.#routes = routes.map(({ to, deliver, endpoint: address }) => {
      const places = parseExtension(to);
      if (typeof places === 'string') throw new Error(`messages.routes.${to}: ${places}`);
      return { places, routing: { deliver, ...(address !== undefined && { address }) } };
    });
  }

  find(recipient: string): MessageRouting {
    const found = this.#routes.find(({ places }) => match(places, recipient) === 'found');
    return found?.routing ?? { deliver: 'applications' };
  }
}
