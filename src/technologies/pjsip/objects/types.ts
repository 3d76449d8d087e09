// The types of objects that can be changed at run time: how each is made, who refers to it, and where it is kept.
import type { Static, TObject } from 'typebox';
import { aor, AorOptions, type AorObject } from './aor.ts';
import { auth, AuthOptions, type AuthDefaults, type AuthObject } from './auth.ts';
import { endpoint, EndpointOptions, type EndpointObject } from './endpoint.ts';
import type { Written } from './fields.ts';
import type { GlobalOptions } from './global.ts';
import { identify, IdentifyOptions, type IdentifyObject } from './identify.ts';
import { registration, RegistrationOptions, type RegistrationObject } from './registration.ts';

/** All objects of the types that can be changed. */
export interface ObjectMaps {
  readonly auths: Map<string, AuthObject>;
  readonly aors: Map<string, AorObject>;
  readonly endpoints: Map<string, EndpointObject>;
  readonly identifies: Map<string, IdentifyObject>;
  readonly registrations: Map<string, RegistrationObject>;
}

/** What holds for all objects, and is not changed. */
export interface General {
  readonly global: Static<typeof GlobalOptions>;
  readonly auth: Readonly<Partial<AuthDefaults>>;
}

export type AnyObject = AuthObject | AorObject | EndpointObject | IdentifyObject | RegistrationObject;

/** In the order in which they can be made: each refers only to those before it. */
export const OBJECT_TYPES = ['auth', 'aor', 'endpoint', 'identify', 'registration'] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

/** An object's name, with its type. */
export interface ObjectName {
  readonly type: ObjectType;
  readonly id: string;
}

interface TypeOfObject {
  readonly schema: TObject;
  /** Under which classes Asterisk, or someone who does not know it so well, looks for it. */
  readonly configClasses: readonly string[];
  of(maps: ObjectMaps): Map<string, AnyObject>;
  /** Fails with a Fault 'invalid'. */
  make(id: string, written: Written, maps: ObjectMaps, general: General): AnyObject;
}

const PJSIP = 'res_pjsip';

/** `written` fits the schema whenever it gets here: that is what the reading of the file, and of fields, sees to. */
export const TYPES: Readonly<Record<ObjectType, TypeOfObject>> = {
  auth: {
    schema: AuthOptions,
    configClasses: [PJSIP],
    of: ({ auths }) => auths,
    make: (id, written, _, general) => auth(id, written as Static<typeof AuthOptions>, general.auth),
  },
  aor: {
    schema: AorOptions,
    configClasses: [PJSIP],
    of: ({ aors }) => aors,
    make: (id, written) => aor(id, written),
  },
  endpoint: {
    schema: EndpointOptions,
    configClasses: [PJSIP],
    of: ({ endpoints }) => endpoints,
    make: (id, written, { auths, aors }, { global }) => endpoint(id, written, global, auths, aors),
  },
  identify: {
    schema: IdentifyOptions,
    configClasses: [PJSIP, 'res_pjsip_endpoint_identifier_ip'],
    of: ({ identifies }) => identifies,
    make: (id, written, { endpoints }) => identify(id, written as Static<typeof IdentifyOptions>, endpoints),
  },
  registration: {
    schema: RegistrationOptions,
    configClasses: [PJSIP, 'res_pjsip_outbound_registration'],
    of: ({ registrations }) => registrations,
    make: (id, written, { auths, endpoints }) =>
      registration(id, written as Static<typeof RegistrationOptions>, auths, endpoints),
  },
};

/** Who names this object. */
export function referrers({ type, id }: ObjectName, maps: ObjectMaps): ObjectName[] {
  const is = ({ id: other }: { readonly id: string }): boolean => other === id;
  const among = <O extends { readonly id: string }>(
    of: ObjectType,
    objects: ReadonlyMap<string, O>,
    refers: (object: O) => boolean,
  ): ObjectName[] => [...objects.values()].filter(refers).map((object) => ({ type: of, id: object.id }));
  switch (type) {
    case 'auth':
      return [
        ...among('endpoint', maps.endpoints, (each) => each.auth.some(is) || each.outbound_auth.some(is)),
        ...among('registration', maps.registrations, (each) => each.outbound_auth.some(is)),
      ];
    case 'aor':
      return among('endpoint', maps.endpoints, (each) => each.aors.includes(id));
    case 'endpoint':
      return [
        ...among('identify', maps.identifies, (each) => each.endpoint === id),
        ...among('registration', maps.registrations, (each) => each.endpoint === id),
      ];
    default:
      return [];
  }
}
