// OPTIONS: what can be asked of us, and whether someone is there (RFC 3261 11.2).
import { Fault } from '../../errors.ts';
import type { Routing } from '../../core/routing.ts';
import type { Service } from './service.ts';
import type { Services } from './services.ts';
import { parseUri, schemeOf } from './uri.ts';

export interface OptionsParts {
  readonly services: Services;
  readonly routing: Routing;
  /** The extensions of SIP that we support (RFC 3261 20.37). */
  readonly supported: readonly string[];
}

/** What a body may be, by the method that carries it. */
const BODIES: Readonly<Record<string, string>> = {
  INVITE: 'application/sdp',
  MESSAGE: 'text/*, application/*, message/*',
};

export const options = ({ services, routing, supported }: OptionsParts): Service => ({
  name: 'options',
  methods: ['OPTIONS'],
  async handle(request, sender) {
    const uri = parseUri(request.uri);
    if (uri === undefined) {
      const scheme = schemeOf(request.uri);
      if (scheme === 'sip' || scheme === 'sips') throw new Fault('invalid', 'The Request-URI is malformed');
      await request.respond(416);
      return;
    }
    // Within a dialog nobody in particular is asked for.
    const isThere =
      sender === undefined ||
      uri.user === undefined ||
      routing.lookup(sender.object.context, uri.user).kind === 'found';
    if (!isThere) throw new Fault('not-found', `Nobody is ${uri.user} in ${sender.object.context}`);
    const bodies = Object.entries(BODIES).filter(([method]) => services.find(method) !== undefined);
    await request.respond(200, {
      headers: [
        ['Allow', services.allow],
        ['Accept', bodies.map(([, type]) => type).join(', ')],
        ['Supported', supported.join(', ')],
      ],
    });
  },
});
