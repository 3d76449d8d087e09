// The contacts that registered with us, as the core shows them.
import type { RegistrationDigest, RegistrationProvider, RegistrationSnapshot } from '../../core/registrations.ts';
import { endpointId } from '../../ids.ts';
import { hostPort, type Registered } from './contact.ts';
import type { Location } from './location.ts';
import { divide, parseNameAddress } from './name-address.ts';
import type { EndpointObject } from './objects/index.ts';
import type { ContactState } from './qualify.ts';

export interface InboundRegistrationsParts {
  readonly location: Location;
  readonly stateOf: (aor: string, contact: Registered) => ContactState;
  readonly objectsOf: (aor: string) => readonly EndpointObject[];
}

export class InboundRegistrations implements RegistrationProvider {
  readonly #parts: InboundRegistrationsParts;

  constructor(parts: InboundRegistrationsParts) {
    this.#parts = parts;
  }

  *list(isWanted: (each: RegistrationDigest) => boolean): Iterable<RegistrationSnapshot> {
    for (const [aor, contact] of this.#parts.location.entries())
      if (isWanted(this.#digest(aor, contact))) yield this.snapshot(aor, contact);
  }

  find(id: string): RegistrationSnapshot | undefined {
    const [aor, contact] = this.#parse(id);
    return contact && this.snapshot(aor, contact);
  }

  async remove(id: string): Promise<boolean> {
    const [aor, contact] = this.#parse(id);
    if (contact === undefined) return false;
    await this.#parts.location.change(aor, (live) => ({
      contacts: live.filter((each) => each.id !== contact.id),
      why: () => 'removed',
    }));
    return true;
  }

  snapshot(
    aor: string,
    contact: Registered,
    state: RegistrationSnapshot['state'] = 'Registered',
  ): RegistrationSnapshot {
    const { path, source, agent, expiresAt, registeredAt } = contact;
    const { status, roundtrip } = this.#parts.stateOf(aor, contact);
    return {
      ...this.#digest(aor, contact),
      state,
      ...(source !== undefined && { source: hostPort(source) }),
      ...(agent !== undefined && { agent }),
      expiresAt,
      ...(registeredAt !== undefined && { registeredAt }),
      path: path === '' ? [] : divide(path, ',').map((each) => parseNameAddress(each)?.uri ?? each),
      ...(roundtrip > 0 && { roundtrip }),
      status,
    };
  }

  #digest(aor: string, contact: Registered): RegistrationDigest {
    const { id, uri, source } = contact;
    const endpoint = this.endpointOf(aor, contact);
    const digest: { -readonly [Name in keyof RegistrationDigest]: RegistrationDigest[Name] } = {
      id: `${nameOf(aor)}.${id}`,
      direction: 'inbound',
      aor,
      uri,
    };
    if (endpoint !== undefined) digest.endpoint = endpointId({ tech: 'PJSIP', resource: endpoint });
    if (source !== undefined) digest.transport = source.protocol;
    return digest;
  }

  /** The name of the one who registered it, as far as that is known. */
  endpointOf(aor: string, { endpoint }: Registered): string | undefined {
    return endpoint ?? this.#parts.objectsOf(aor)[0]?.id;
  }

  #parse(id: string): [aor: string, contact: Registered | undefined] {
    const dot = id.lastIndexOf('.');
    const aor = aorOf(id.slice(0, dot));
    const name = id.slice(dot + 1);
    return [aor, this.#parts.location.registered(aor).find((each) => each.id === name)];
  }
}

/** An address of record as a URL shows it: as it is, or in base64 behind a tilde. */
const nameOf = (aor: string): string => (/^[\w.-]+$/.test(aor) ? aor : `~${Buffer.from(aor).toString('base64url')}`);

const aorOf = (name: string): string =>
  name.startsWith('~') ? Buffer.from(name.slice(1), 'base64url').toString() : name;
