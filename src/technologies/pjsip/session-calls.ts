// Legs that we dial: whom a resource names, and with which INVITE each of its contacts is called.
import type { Endpoint } from '../../core/endpoint.ts';
import type { Caller, Leg, LegWish } from '../../core/technology.ts';
import { Fault } from '../../errors.ts';
import { towards, type Contact } from './contact.ts';
import { destinationOf, directory, isSip, targetsOf, type Directory, type Targets } from './destination.ts';
import type { Location } from './location.ts';
import type { Log } from './log.ts';
import { inFromTo } from './messages-received.ts';
import { refuseBreaking } from './messages-sent.ts';
import { CODECS, type Codec, type EndpointObject, type PjsipObjects } from './objects/index.ts';
import type { Call } from './session-driver.ts';
import { Fork, type Branch } from './session-fork.ts';
import type { CallParts, OurInvite } from './session-parts.ts';
import { SessionView } from './session-view.ts';
import type { SipHeader, SipStack } from './stack.ts';
import { fromOf, type Supplements } from './supplements/index.ts';
import { parseUri } from './uri.ts';

export interface CallsParts {
  readonly objects: Pick<PjsipObjects, 'endpoints' | 'aors' | 'global'>;
  readonly location: Pick<Location, 'contacts'>;
  readonly stack: Pick<SipStack, 'addresses'>;
  readonly endpointOf: (object: EndpointObject) => Endpoint;
  /** A text that nobody can guess, and that is never given twice. */
  readonly token: () => string;
  readonly supplements: Pick<Supplements, 'begin'>;
  /** Our own host, as addresses name it. */
  readonly host: () => string;
  /** A call that is known by `key` as soon as it is dialled. */
  readonly call: (
    given: Pick<CallParts, 'view' | 'supplements'> & { readonly invite: OurInvite },
    allow: readonly Codec[],
    key: string,
  ) => Call;
  readonly log: Log;
}

/** What names a call: the Call-ID, and the tag of who began it. Joined, since it is kept apart from their message then. */
export const callKey = (callId: string, tag: string | undefined): string => [callId, `${tag}`].join(';');

export class Calls implements Caller {
  readonly #parts: CallsParts;
  readonly #directory: Directory;

  constructor(parts: CallsParts) {
    this.#parts = parts;
    this.#directory = directory(parts.objects, parts.location);
  }

  leg(resource: string, wish: LegWish): Leg {
    refuseBreaking('endpoint', resource);
    const { endpoint: object, contacts } = this.#targets(resource);
    const allow = codecsOf(wish.formats) ?? object.allow;
    const branches = contacts.map((contact) => this.#branch(object, contact, wish, allow));
    const [first] = branches;
    if (first === undefined) throw unreachable(resource, object);
    return {
      endpoint: this.#parts.endpointOf(object),
      name: `PJSIP/${object.id}`,
      protocolId: first.protocolId,
      context: object.context,
      language: object.language,
      driver: branches.length === 1 ? first.call : new Fork(branches),
    };
  }

  /** The URI that a resource stands for. Fails with a Fault 'not-found'. */
  uriOf(resource: string): string {
    refuseBreaking('endpoint', resource);
    return isSip(resource) && parseUri(resource) !== undefined
      ? resource
      : destinationOf(resource, this.#directory).contact.uri;
  }

  /** `alice`, `alice/aor`, `alice/sip:alice@host`, `number@alice`: an endpoint is always named. */
  #targets(resource: string): Targets {
    const [named = ''] = resource.split('/');
    const isPlain = this.#directory.endpoints.has(named);
    const id = isPlain ? named : resource.slice(resource.lastIndexOf('@') + 1);
    if (!this.#directory.endpoints.has(id))
      throw new Fault('not-found', `There is no endpoint for "${resource}"`, { code: 'endpoint-not-found' });
    const { endpoint, contacts } = targetsOf(isPlain ? resource : `PJSIP/${resource}`, this.#directory);
    if (contacts.length === 0) throw unreachable(resource, endpoint);
    return { endpoint, contacts };
  }

  /** One contact. Fails with a Fault 'invalid' when something of the wish cannot be written. */
  #branch(object: EndpointObject, contact: Contact, wish: LegWish, allow: readonly Codec[]): Branch {
    const { token, host, supplements, call, log } = this.#parts;
    const [callId, tag] = [token(), token()];
    const caller = wish.caller ?? object.callerid;
    const { headers: route = [], ...way } = towards(contact);
    const headers: SipHeader[] = [
      ...route,
      ['From', `${fromOf(caller, object, host())};tag=${tag}`],
      ['To', `<${inFromTo(contact.uri)}>`],
      ['Call-ID', callId],
    ];
    const invite: OurInvite = { of: 'ours', ...way, headers, offer: wish.offer };
    const view = new SessionView({ endpoint: object, direction: 'outbound', host: host(), connected: caller, log });
    const asked = supplements.begin(view);
    for (const [name, value] of Object.entries(wish.variables ?? {})) asked.write(name, value);
    return { protocolId: callId, call: call({ invite, view, supplements: asked }, allow, callKey(callId, tag)) };
  }
}

const unreachable = (resource: string, { aors }: EndpointObject): Fault => {
  const why = aors.length === 0 ? 'it has no address of record' : 'it is not registered, and has no permanent contact';
  return new Fault('not-found', `"${resource}" cannot be reached: ${why}`, { code: 'endpoint-unreachable' });
};

/** Those of the formats that a description can name. */
function codecsOf(formats: readonly string[] | undefined): readonly Codec[] | undefined {
  if (formats === undefined) return undefined;
  const codecs = formats.flatMap((format) => CODECS.find((codec) => codec === format) ?? []);
  if (codecs.length === 0) throw new Fault('invalid', `None of the formats ${formats.join(', ')} is known`);
  return codecs;
}
