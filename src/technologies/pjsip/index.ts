// PJSIP: telephones, by SIP. What Asterisk calls chan_pjsip and res_pjsip, as far as it exists here.
//
// A request goes this way:
//
//   SipStack ─► front-end ─► identify ─► auth ─► services ─┬─► registrar ─► location ─► Store
//                  │                        └─► 401        ├─► sessions ──► the core's channels
//                  └─► 481, 405, 501, 503                  ├─► messages ──► the core's messages
//                                                          └─► options
//
// What is within a dialog has been identified with the request that made it, and goes straight to its service.
// `objects` says what may be configured and `resolve` makes objects of it. Contacts are on disk before a registration
// is confirmed. `location` knows where an address of record can be reached, `reachability` tells the core, `outbound`
// sends. The stack is started last, so that no request comes before there is someone to take it.
import { randomBytes } from 'node:crypto';
import type { Core } from '../../core/index.ts';
import type { Store } from '../../core/store.ts';
import type { Technology } from '../../core/technology.ts';
import { authenticating } from './auth.ts';
import { systemClock, type Clock } from './clock.ts';
import { frontEnd } from './front-end.ts';
import { identifying } from './identify.ts';
import { Location } from './location.ts';
import type { Log } from './log.ts';
import { messages, type MessagesMetrics } from './messages.ts';
import type { PjsipConfig } from './objects/index.ts';
import { options } from './options.ts';
import { outbound } from './outbound.ts';
import { naming } from './product.ts';
import { Reachability } from './reachability.ts';
import { registrar } from './registrar.ts';
import { resolvePjsip } from './objects/index.ts';
import { Services } from './services.ts';
import { sessions, type SessionsMetrics } from './sessions.ts';
import type { SipStack } from './stack.ts';
import { Unidentified } from './unidentified.ts';

export interface PjsipParts {
  readonly core: Core;
  readonly stack: SipStack;
  readonly store: Store;
  readonly config: PjsipConfig;
  readonly clock?: Clock;
  /** That many bytes which nobody can guess. */
  readonly random?: (bytes: number) => Buffer;
  readonly log: Log;
}

export interface PjsipMetrics {
  readonly sessions: SessionsMetrics;
  readonly messages: MessagesMetrics;
  readonly location: Location['metrics'];
  readonly unidentified: Unidentified['metrics'];
}

export interface Pjsip extends Technology {
  readonly metrics: PjsipMetrics;
}

/** Fails with a Fault 'invalid' when the configuration names what is not there. */
export function pjsip(parts: PjsipParts): Pjsip {
  const { core, store, config, clock = systemClock, random = randomBytes, log } = parts;
  const objects = resolvePjsip(config);
  const { global, aors } = objects;
  const stack = naming(parts.stack, global.user_agent);
  const fraction = (): number => random(4).readUInt32BE() / 2 ** 32;

  const location: Location = new Location({
    store,
    aors,
    clock,
    log,
    onChange: (aor, contact, change) => reachability.changed(aor, contact, change),
  });
  const reachability = new Reachability(core.endpoints, objects, (aor) => location.contacts(aor));
  const services = new Services();
  const supported = [...aors.values()].some((each) => each.support_path) ? ['path'] : [];
  const calls = sessions({ core, stack, services, supported, clock, random: fraction, log });
  const texts = messages({ core, objects, location, stack, outbound: outbound({ stack, random }), log });
  const offered = [
    registrar({ aors, location, clock }),
    options({ services, routing: core.routing, supported }),
    calls.service,
    texts.service,
  ];

  const unidentified = new Unidentified(global, clock, log);
  let isStopping = false;
  const receive = frontEnd({
    identify: identifying(objects),
    authenticate: authenticating({ objects, clock, random }),
    services,
    endpointOf: (object) => reachability.endpointOf(object),
    isStopping: () => isStopping,
    onUnidentified: (request) => unidentified.count(request),
    log,
  });

  return {
    name: 'PJSIP',
    text: texts.sender,
    get metrics() {
      return {
        sessions: calls.metrics,
        messages: texts.metrics,
        location: location.metrics,
        unidentified: unidentified.metrics,
      };
    },
    async start() {
      reachability.open();
      await location.load();
      for (const service of offered) services.register(service);
      await stack.start((request) => void receive(request));
    },
    async stop() {
      isStopping = true;
      await calls.stop();
      await stack.stop();
      await location.close();
    },
  };
}
