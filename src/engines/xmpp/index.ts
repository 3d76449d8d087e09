// Streams of XMPP by @xmpp/component and @xmpp/client: the only place that knows them.
import { client, xml as clientXml } from '@xmpp/client';
import { component, xml as componentXml } from '@xmpp/component';
import { Fault } from '../../errors.ts';
import type { MakeStream, StreamOptions } from '../../technologies/xmpp/stream.ts';
import { LibraryStream, type Kind } from './stream.ts';

export const xmppStream: MakeStream = (options) =>
  new LibraryStream(options, options.kind === 'component' ? componentOf(options) : clientOf(options));

/** The library connects by sockets of ours, so it needs an address only to choose how it writes. */
const SERVICE = 'xmpp://localhost:5222';

function componentOf({ domain, secret }: Extract<StreamOptions, { kind: 'component' }>): Kind {
  const entity = component({ service: SERVICE, domain, password: secret });
  return { entity, xml: componentXml, domain, prepare: () => undefined };
}

function clientOf({ domain, user, resource, secret, tls }: Extract<StreamOptions, { kind: 'client' }>): Kind {
  const entity = client({
    ...{ service: SERVICE, domain, username: user, resource },
    async credentials(authenticate, mechanisms) {
      const mechanism = mechanisms.find((each) => each.startsWith('SCRAM-')) ?? (tls === 'none' ? undefined : 'PLAIN');
      // Whoever could read a password as it is must be the server.
      if (mechanism === undefined || !mechanisms.includes(mechanism))
        throw new Fault(
          'unauthorized',
          `The server offers none of SCRAM-SHA-1 and PLAIN over TLS, but ${mechanisms.join(', ')}`,
        );
      await authenticate({ username: user, password: secret }, mechanism);
    },
  });
  const prepare = (): void => {
    entity.Transport = entity._findTransport(SERVICE);
    entity.Socket = entity.Transport.prototype.Socket;
  };
  return { entity, xml: clientXml, streamManagement: entity.streamManagement, domain, prepare };
}
