// Calls that an application makes: originated, which are dialled at once, and created, which it dials when it wants to.
import { exceptFaults, Fault } from '../errors.ts';
import type { Applications } from './applications.ts';
import type { Callers, NewLeg, OutboundLeg, Target } from './callers.ts';
import type { Channel } from './channel.ts';
import type { Channels } from './channels.ts';
import type { Dialling } from './dialling.ts';
import { lead, positionOf, stasis, type Destinations, type Extension } from './execution.ts';
import type { Party } from './facts.ts';
import { isFunction, isOfTechnology, writeFunction } from './functions.ts';
import type { Operation } from './operations.ts';
import type { Routing, StasisRoute } from './routing.ts';
import type { LegWish } from './technology.ts';

export interface VariableWish {
  readonly name: string;
  readonly value: string;
  /** Shows it in later snapshots. */
  readonly report: boolean;
}

interface CallWish {
  readonly target: Target;
  readonly id?: string | undefined;
  /** The id or name of a channel. */
  readonly originator?: string | undefined;
  readonly formats?: readonly string[] | undefined;
  readonly variables: readonly VariableWish[];
}

export interface OriginateWish extends CallWish {
  /** Where it goes when it was answered. */
  readonly destination: StasisRoute | Extension;
  /** Who calls, as the far end is to see it. */
  readonly caller?: Party | undefined;
  /** In milliseconds; without one it rings for ever. */
  readonly timeout?: number | undefined;
}

export interface CreateWish extends CallWish {
  readonly destination: StasisRoute;
}

export interface OriginatorParts extends Destinations {
  readonly channels: Channels;
  readonly applications: Applications;
  readonly routing: Routing;
  readonly callers: Callers;
  readonly dialling: Dialling;
}

/** A channel that is there, and what is to be done with it once whoever asked for it has been told. */
export interface Made {
  readonly channel: Channel;
  begin(): void;
}

const ORIGINATED = { appName: 'AppDial2', appData: '(Outgoing Line)' };
/** One that was created was never anywhere else than in its application. */
const CREATED = { appName: '', appData: '' };

export class Originator {
  readonly #parts: OriginatorParts;
  /** Those that were created and not dialled yet. */
  readonly #dialable = new Map<Channel, OutboundLeg>();

  constructor(parts: OriginatorParts) {
    this.#parts = parts;
  }

  /**
   * A call that is dialled when it begins, and goes to its destination when it is answered. Fails with a Fault: 'invalid' for
   * whatever in the wish is wrong or leads nowhere, 'conflict' when the id is taken, 'unavailable' when there are too many.
   */
  originate(wish: OriginateWish): Made {
    const { originator } = wish;
    if (originator !== undefined && this.#parts.channels.findByIdOrName(originator) === undefined)
      throw new Fault('invalid', 'Provided originator channel was not found', { code: 'originator-not-found' });
    const leg = this.#originated(wish.target, wish, wish.id);
    return { channel: leg.channel, begin: () => this.#dial(leg, wish) };
  }

  /** A channel that enters its application when it begins, and is dialled by `dial`. Fails as `originate` does. */
  create(wish: CreateWish): Made {
    const { channels, applications } = this.#parts;
    const { originator, destination } = wish;
    const leg = this.#leg(wish.target, wish, { line: CREATED });
    const { channel } = leg;
    this.#follow(destination.app, channel);
    const other = originator === undefined ? undefined : channels.findByIdOrName(originator);
    if (other !== undefined) this.#follow(destination.app, other);
    setVariables(channel, wish.variables);
    this.#dialable.set(channel, leg);
    channel.onEnding(() => this.#dialable.delete(channel));
    const begin = (): void => {
      if (channel.isEnded) return;
      channel.setDialplan(positionOf(destination));
      stasis(channel, destination, { applications, summons: this.#parts.summons });
    };
    return { channel, begin };
  }

  /**
   * Dials one that was created; that is done when it has begun. `timeout` is in milliseconds. Fails with a Fault: 'conflict' when
   * it was not created so, or was dialled already; 'unavailable' when there are too many.
   */
  dial(channel: Channel, timeout: number | undefined): Operation {
    this.#dialableLeg(channel);
    return channel.operate('dial', (operation) => {
      const leg = this.#dialableLeg(channel);
      this.#parts.dialling.admit();
      this.#dialable.delete(channel);
      this.#parts.dialling.dial(leg, { timeout, operation });
    });
  }

  #dialableLeg(channel: Channel): OutboundLeg {
    const { state } = channel.snapshot;
    if (state !== 'Down' && state !== 'Rsrvd') throw conflict('Channel is not in the Down state');
    const leg = this.#dialable.get(channel);
    if (leg === undefined) throw conflict('Channel cannot be dialed');
    return leg;
  }

  #dial(leg: OutboundLeg, wish: OriginateWish): void {
    if (leg.channel.isEnded) return;
    const redial = (target: Target): OutboundLeg => this.#originated(target, wish);
    const { result } = this.#parts.dialling.dial(leg, { timeout: wish.timeout, repeatsDialstring: true, redial });
    void result.then((known) => {
      if (known.kind === 'answered') this.#arrive(known.leg.channel, wish.destination);
    });
  }

  #arrive(channel: Channel, destination: StasisRoute | Extension): void {
    if (channel.isEnded) return;
    if (!('app' in destination)) return lead(channel, destination, this.#parts);
    channel.showDialplan(positionOf(destination));
    stasis(channel, destination, this.#parts);
  }

  #originated(target: Target, wish: OriginateWish, id?: string): OutboundLeg {
    const { caller, destination, variables } = wish;
    const leg = this.#leg(target, { ...wish, id }, { line: ORIGINATED });
    const { channel } = leg;
    channel.setDialplan(ORIGINATED);
    if (caller !== undefined) {
      channel.setCaller(caller);
      channel.setConnected(caller);
    }
    setVariables(channel, variables);
    if ('app' in destination) this.#follow(destination.app, channel);
    return leg;
  }

  #leg(target: Target, wish: CallWish & Pick<OriginateWish, 'caller'>, leg: Pick<NewLeg, 'line'>): OutboundLeg {
    const { callers, dialling } = this.#parts;
    dialling.admit();
    try {
      return callers.leg(target, { ...leg, wish: legWish(wish), ...(wish.id !== undefined && { id: wish.id }) });
    } catch (error) {
      // ARI's documents know no 404 of this operation: it would read as if the operation were not there.
      if (error instanceof Fault && error.kind === 'not-found')
        throw new Fault('invalid', error.message, { code: error.code, cause: error });
      throw error;
    }
  }

  /** Whether it is an application that is known is not asked, as in ARI. */
  #follow(app: string, { id }: Channel): void {
    const { applications } = this.#parts;
    if (applications.find(app) !== undefined) applications.subscribe(app, [`channel:${id}`]);
  }
}

const conflict = (message: string): Fault => new Fault('conflict', message, { code: 'channel-invalid-state' });

/** Those that are the technology's. Fails with a Fault 'invalid' for what can only be read. */
const isTechnologys = ({ name }: VariableWish): boolean => isFunction(name) && isOfTechnology(name);

/** What the technology writes itself is handed to it with the leg, since it is needed before there is a channel. */
function legWish({ caller, formats, variables }: CallWish & Pick<OriginateWish, 'caller'>): LegWish {
  const functions = variables.filter(isTechnologys).map(({ name, value }) => [name, value] as const);
  return {
    ...(caller && { caller }),
    ...(formats && { formats }),
    ...(functions.length > 0 && { variables: Object.fromEntries(functions) }),
  };
}

/** At once: the far end, which some functions tell something, is not there yet. */
function setVariables(channel: Channel, variables: readonly VariableWish[]): void {
  for (const each of variables) {
    const { name, value, report } = each;
    if (!isFunction(name)) channel.setVariable(name, value, { report });
    else if (!isTechnologys(each)) exceptFaults(writeFunction(channel, name, value));
  }
}
