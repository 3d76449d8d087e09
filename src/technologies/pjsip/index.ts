// PJSIP: telephones, by SIP. What Asterisk calls chan_pjsip and res_pjsip, as far as it exists here.
//
// A request goes this way:
//
//   SipStack ─► front-end ─► identify ─► auth ─► trust ─► services ─┬─► registrar ─► location ─► Store
//                  │                        └─► 401                 ├─► sessions ──► the core's channels
//                  └─► 400, 481, 405, 501, 503                      ├─► messages ──► the core's messages
//                                                                   └─► options
//
// All but the services is the `entrance`. Requests of one dialog, or of one sender and Call-ID, are done in order.
// What is within a dialog has been identified with the request that made it, and goes straight to its service.
// `objects` says what may be configured, and has the objects as they are now; what depends on them follows each change.
// `providers` are those where we register ourselves. Contacts are on disk before a registration is confirmed.
// `whereabouts` is where everybody is: `location` knows the contacts of an address of record, `qualify` asks whether they
// answer, `reachability` tells the core, and `by-flows` finds another way to a telephone that has several. `outbound`
// sends. The stack is started last, so that no request comes before there is someone to take it.
//
// The files, by what they are about:
//
//   who calls      front-end, entrance, work, identify, hosts, acl, auth, digest-server, nonces, trust, unidentified, insecure
//   where they are registrar, registration, location, contact, instances, flow-index, deadlines, qualify, reachability,
//                  inbound-registrations, by-flows
//   what is sent   request, outbound, credentials, digest, destination, refer, own-address, product
//   at providers   outbound-registrations, outbound-registration, registering, retry
//   calls          sessions, sessions-admission, session-calls, session-fork; one call: session-driver (what can be done
//                  to it), session-dialogue, -wire, -answering, -dialling, -renegotiations, -media, -requests, -dtmf,
//                  -functions, causes, sdp/; supplements/ by session-view, session-supplements, datastores;
//                  the machine: session, session-inbound, -outbound, -confirmed, -steps
//   texts          messages; in: messages-received; out: messages-delivery, messages-sent, messages-outcome
//   on the wire    stack (the port), statuses, uri, name-address, networks
import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../../core/endpoint.ts';
import type { Core } from '../../core/index.ts';
import type { Store } from '../../core/store.ts';
import type { Technology } from '../../core/technology.ts';
import { systemClock, type Clock } from '../../core/clock.ts';
import type { Registered } from './contact.ts';
import { Devices } from './devices.ts';
import { Entrance, type EntranceMetrics, type EntranceOptions } from './entrance.ts';
import type { Identifiers } from './identify.ts';
import type { Location } from './location.ts';
import type { Log } from './log.ts';
import { messages, type MessagesMetrics } from './messages.ts';
import { dynamicObjects } from './objects/dynamic.ts';
import type { EndpointObject, PjsipConfig, PjsipObjects } from './objects/index.ts';
import { LiveObjects, type ObjectChange } from './objects/live.ts';
import { options } from './options.ts';
import { outbound } from './outbound.ts';
import { naming } from './product.ts';
import type { Qualify } from './qualify.ts';
import { Referrals, type ReferralsMetrics } from './refer.ts';
import { registrar } from './registrar.ts';
import { OutboundRegistrations } from './outbound-registrations.ts';
import { Services } from './services.ts';
import { sessions, type SessionsMetrics } from './sessions.ts';
import type { SipRequest, SipStack } from './stack.ts';
import { Supplements, supplements } from './supplements/index.ts';
import { Whereabouts } from './whereabouts.ts';

export interface PjsipParts extends EntranceOptions {
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
  readonly referrals: ReferralsMetrics;
  readonly location: Location['metrics'];
  readonly qualify: Qualify['metrics'];
  readonly entrance: EntranceMetrics;
  readonly objects: LiveObjects['metrics'];
}

export interface Pjsip extends Technology {
  /** Who takes which method; more can be registered. */
  readonly services: Services;
  /** How senders are recognised; more ways can be registered. */
  readonly identifiers: Identifiers;
  readonly metrics: PjsipMetrics;
}

/** Fails with a Fault 'invalid' when the configuration names what is not there. */
export function pjsip(parts: PjsipParts): Pjsip {
  const { core, store, config, clock = systemClock, random = randomBytes, log } = parts;
  const objects: LiveObjects = new LiveObjects({ config, store, log, problemOf: (some) => entrance.problemOf(some) });
  const stack = naming(parts.stack, objects.global.user_agent);
  const whereabouts: Whereabouts = new Whereabouts({
    ...{ core, objects, stack, store, clock, random: fraction(random), log },
    outbound: (object, request) => asked(object, request),
  });
  const { location, reachability, qualify } = whereabouts;
  const devices = new Devices({ core, objects });
  const services = new Services();
  const contactsOf = ({ aors: names }: EndpointObject): string[] =>
    names.flatMap((aor) => location.all(aor).map(({ uri }) => uri));
  const providers = new OutboundRegistrations({ core, objects, stack, clock, random, fraction: fraction(random), log });
  const asked = outbound({ stack, random, contactsOf, serviceRoute: (object) => providers.serviceRoute(object) });
  const endpointOf = (object: EndpointObject): Endpoint => reachability.endpointOf(object);
  const { all, calls, texts, referrals } = offer({ core, objects, stack, whereabouts, services, clock, random, log });
  const entrance: Entrance = new Entrance({ ...parts, objects, services, endpointOf, clock, random });
  objects.onChange((changes) => follow(changes, { entrance, whereabouts, devices, providers }));
  core.configuration.addObjects(dynamicObjects({ objects, routing: core.routing, log }));

  return {
    name: 'PJSIP',
    services,
    identifiers: entrance.identifiers,
    text: texts.sender,
    refer: referrals,
    caller: calls.caller,
    get metrics() {
      return {
        sessions: calls.metrics,
        messages: texts.metrics,
        referrals: referrals.metrics,
        location: location.metrics,
        qualify: qualify.metrics,
        entrance: entrance.metrics,
        objects: objects.metrics,
      };
    },
    async start() {
      await objects.load();
      await whereabouts.open();
      devices.open();
      for (const service of all) services.register(service);
      await entrance.prepare();
      await stack.start((request) => void entrance.receive(request));
      entrance.open(stack.addresses);
      providers.open();
    },
    async stop() {
      entrance.shut();
      await objects.close();
      await Promise.all([calls.stop(), providers.close()]);
      await entrance.close();
      await stack.stop();
      await whereabouts.close();
      devices.close();
      referrals.close();
    },
  };
}

interface Followers {
  readonly entrance: Pick<Entrance, 'changed'>;
  readonly whereabouts: Pick<Whereabouts, 'aorChanged' | 'endpointChanged'>;
  readonly devices: Pick<Devices, 'changed'>;
  readonly providers: Pick<OutboundRegistrations, 'objectChanged'>;
}

/** Whatever was made of an object when it was another, or was not there, is made anew. */
async function follow(
  changes: readonly ObjectChange[],
  { entrance, whereabouts, devices, providers }: Followers,
): Promise<void> {
  if (changes.some(({ type }) => type === 'identify')) entrance.changed();
  for (const { type, id } of changes) {
    if (type === 'aor') await whereabouts.aorChanged(id);
    else if (type === 'endpoint') {
      whereabouts.endpointChanged(id);
      devices.changed(id);
    } else if (type === 'registration') providers.objectChanged(id);
  }
}

interface OfferParts extends Required<Pick<PjsipParts, 'core' | 'stack' | 'clock' | 'random' | 'log'>> {
  readonly objects: PjsipObjects;
  readonly whereabouts: Whereabouts;
  readonly services: Services;
}

/** What can be asked of us, and what is done with it. */
function offer({ core, objects, stack, whereabouts, services, clock, random, log }: OfferParts) {
  const { location, qualify, outbound } = whereabouts;
  // Path is kept where an address of record wants it, which may be configured at any time.
  // The stack sees to acknowledged responses and to the refreshing of sessions, if somebody says that we can.
  const supported = ['path', '100rel', 'timer', 'replaces', 'norefersub'];
  const list = supplements({
    text: (request, sender) => texts.service.handle(request, sender),
    refer: { core, channelOf: (replaces) => calls.replaced(replaces)?.channel, log },
  });
  const calls = sessions({
    ...{ core, objects, location, stack, outbound, services, clock, log },
    endpointOf: (object) => whereabouts.reachability.endpointOf(object),
    supplements: new Supplements(list, log),
    supported,
    random: fraction(random),
    token: () => random(16).toString('hex'),
  });
  const withinCall = (request: SipRequest): Promise<void> => calls.within(request);
  const texts = messages({ core, objects, location, stack, outbound, withinCall, clock, log });
  const referrals = new Referrals({ objects, location, stack, outbound, withinCall, clock, random, log });
  const isUnreachable = (aor: string, contact: Registered): boolean =>
    qualify.stateOf(aor, contact).status === 'Unreachable';
  const all = [
    registrar({ objects, location, clock, isUnreachable }),
    options({ services, routing: core.routing, supported: [...supported, 'outbound'] }),
    calls.service,
    texts.service,
    referrals,
  ];
  return { calls, texts, referrals, all };
}

/** How many random bytes are drawn at once: one draw costs as much as a thousand of them. */
const POOL = 1_024;

function fraction(random: (bytes: number) => Buffer): () => number {
  let pool: Buffer = Buffer.alloc(0);
  return () => {
    if (pool.length < 4) pool = random(POOL);
    const drawn = pool.readUInt32BE() / 2 ** 32;
    pool = pool.subarray(4);
    return drawn;
  };
}
