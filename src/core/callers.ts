// Who makes outbound legs: each technology that can, by its name; and the channel that is made of a leg.
import { Fault } from '../errors.ts';
import { parseEndpointId } from '../ids.ts';
import type { Channel, Line } from './channel.ts';
import type { Channels } from './channels.ts';
import type { Party } from './facts.ts';
import type { Caller, ChannelDriver, Leg, LegWish } from './technology.ts';

/** What is to be called: "PJSIP/alice". */
export interface Target {
  readonly tech: string;
  /** The part that only the technology understands; ARI calls it the dial string. */
  readonly resource: string;
}

/** A leg that has its channel. */
export interface OutboundLeg extends Target {
  readonly channel: Channel;
  readonly driver: ChannelDriver;
}

export interface NewLeg {
  readonly wish?: LegWish;
  /** Chosen by a client. */
  readonly id?: string;
  readonly line: Line;
  /** "s", if left out. */
  readonly exten?: string;
  readonly caller?: Party;
  readonly connected?: Party;
}

/** Where an outbound leg is in the routing, as in Asterisk. */
const NOWHERE = 's';

/** Fails with a Fault 'invalid' when that is not a technology and a resource. */
export function parseTarget(endpoint: string): Target {
  const target = parseEndpointId(endpoint);
  if (target === undefined) throw new Fault('invalid', 'Invalid endpoint specified', { code: 'invalid-endpoint' });
  return target;
}

export class Callers {
  readonly #channels: Channels;
  readonly #callers = new Map<string, Caller>();

  constructor(channels: Channels) {
    this.#channels = channels;
  }

  add(tech: string, caller: Caller): void {
    this.#callers.set(tech, caller);
  }

  /**
   * A leg in state Down, of which nothing is on the wire yet. Fails with a Fault: as `Caller.leg` does, 'not-found' also when
   * no such technology makes legs; and as `Channels.checkId` does.
   */
  leg(target: Target, { wish = {}, id, line, exten = NOWHERE, caller, connected }: NewLeg): OutboundLeg {
    if (id !== undefined) this.#channels.checkId(id);
    const { driver, protocolId, ...made } = this.#made(target, wish);
    const channel = this.#channels.create({
      ...{ name: made.name, context: made.context, language: made.language, state: 'Down', exten, driver, line },
      ...(id !== undefined && { id }),
      ...(made.endpoint && { endpoint: made.endpoint }),
      ...(caller && { caller }),
      ...(connected && { connected }),
    });
    channel.setProtocolId(protocolId);
    driver.drives(channel);
    return { ...target, channel, driver };
  }

  #made({ tech, resource }: Target, wish: LegWish): Leg {
    const caller = this.#callers.get(tech);
    if (caller !== undefined) return caller.leg(resource, wish);
    throw new Fault('not-found', `Nothing can be called by ${tech}`, { code: 'technology-not-found' });
  }
}
