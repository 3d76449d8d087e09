// One call as its supplements see it; what they find out is collected until there is a channel to be told.
import type { Channel, FarHangup } from '../../core/channel.ts';
import type { Party } from '../../core/facts.ts';
import { Fault } from '../../errors.ts';
import { Datastores } from './datastores.ts';
import type { Log } from './log.ts';
import type { EndpointObject } from './objects/index.ts';
import type { SipAddress, SipHeader, SipResponse } from './stack.ts';
import type { SupplementedSession } from './supplements/index.ts';

export interface SessionViewParts {
  readonly endpoint: EndpointObject;
  readonly direction: SupplementedSession['direction'];
  readonly host: string;
  /** Who calls the far end, if that is known before there is a channel. */
  readonly connected?: Party | undefined;
  readonly log: Log;
}

interface AskParts {
  readonly headers: readonly SipHeader[];
  readonly body?: string;
}

/** Who sends requests within the dialog. */
interface Asked {
  ask(method: string, parts: AskParts): Promise<SipResponse>;
}

const NOTHING: FarHangup = {};
const NO_VARIABLES: ReadonlyMap<string, string> = new Map();

export class SessionView implements SupplementedSession {
  readonly endpoint: EndpointObject;
  readonly direction: SupplementedSession['direction'];
  readonly host: string;
  readonly datastores: Datastores;
  channel: Channel | undefined;
  /** The far end was sent elsewhere, and may tell of it. */
  hasReferred = false;
  /** Where its last message came from. */
  remote: SipAddress | undefined;
  /** Who the far end is, and from which number it was diverted. */
  caller: Party | undefined;
  redirecting: string | undefined;
  /** The tag of whoever was called, which names the dialog together with that of whoever began it. */
  calledTag: string | undefined;
  /** The stack's name of the dialog. */
  dialogId: string | undefined;
  /** For which cause this side ends the call. */
  cause: number | undefined;
  #variables: Map<string, string> | undefined;
  #far: FarHangup = NOTHING;
  #isHeld = false;
  #connected: Party | undefined;
  #asked: Asked | undefined;

  constructor({ endpoint, direction, host, connected, log }: SessionViewParts) {
    this.endpoint = endpoint;
    this.direction = direction;
    this.host = host;
    this.datastores = new Datastores(log);
    this.#connected = connected;
  }

  /** What is known before there is a channel. */
  get variables(): ReadonlyMap<string, string> {
    return this.#variables ?? NO_VARIABLES;
  }

  /** What the far end has said of why it ends the call. */
  get far(): FarHangup {
    return this.#far;
  }

  get connected(): Party | undefined {
    const known = this.channel?.snapshot.connected;
    return known === undefined || known.number === '' ? this.#connected : known;
  }

  set connected(party: Party | undefined) {
    this.#connected = party;
  }

  /** The channel is told when that changes. */
  tellHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld || this.channel === undefined || this.channel.isEnded) return;
    this.#isHeld = isHeld;
    this.channel.setHeld(isHeld);
  }

  setVariable(name: string, value: string): void {
    if (this.channel === undefined) (this.#variables ??= new Map()).set(name, value);
    else this.channel.setVariable(name, value);
  }

  setCaller(party: Party): void {
    this.caller = party;
    if (this.channel?.isEnded === false) this.channel.identify(party);
  }

  setRedirecting(number: string): void {
    this.redirecting = number;
    if (this.channel?.isEnded === false) this.channel.setDetails({ redirecting: number });
  }

  setCause(cause: number): void {
    this.#far = { cause };
  }

  request(method: string, headers: readonly SipHeader[], body?: string): Promise<SipResponse> {
    if (this.#asked === undefined) return Promise.reject(new Fault('conflict', 'The call has no dialog'));
    return this.#asked.ask(method, body === undefined ? { headers } : { headers, body });
  }

  /** From now on requests are sent by it. */
  askBy(asked: Asked): void {
    this.#asked = asked;
  }
}
