// All calls: takes INVITE and what comes within its dialogs, makes a channel of each call, and begins those that we make.
import { run, type Destinations } from '../../core/execution.ts';
import type { Channel } from '../../core/channel.ts';
import type { Core } from '../../core/index.ts';
import type { Clock } from '../../core/clock.ts';
import type { Caller } from '../../core/technology.ts';
import { Fault } from '../../errors.ts';
import { inWords, type Log } from './log.ts';
import { parseNameAddress } from './name-address.ts';
import type { EndpointObject } from './objects/index.ts';
import type { Outbound } from './outbound.ts';
import { ownText } from './own-text.ts';
import { hostOf, ownPlace } from './own-address.ts';
import { replacesOf, type Replaces } from './replaces.ts';
import { Negotiation } from './sdp/index.ts';
import type { Sender, Service } from './service.ts';
import type { Services } from './services.ts';
import { Calls, callKey, type CallsParts } from './session-calls.ts';
import { Call } from './session-driver.ts';
import type { CallOwner } from './session-parts.ts';
import { SessionView } from './session-view.ts';
import { admit } from './sessions-admission.ts';
import type { ClientTransaction, OutgoingRequest, SipHeader, SipRequest, SipStack } from './stack.ts';

export interface SessionsParts extends Pick<
  CallsParts,
  'objects' | 'location' | 'endpointOf' | 'supplements' | 'token'
> {
  readonly core: Pick<Core, 'channels' | 'routing' | 'transfers'> & Destinations;
  readonly stack: Pick<SipStack, 'addresses'>;
  readonly outbound: Outbound;
  readonly services: Pick<Services, 'allow'>;
  /** The extensions of SIP that we support (RFC 3261 20.37). */
  readonly supported: readonly string[];
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** How many calls there may be at once, 10,000 if left out. Beyond it a new one is answered 503, and none is made. */
  readonly limit?: number;
}

export interface SessionsMetrics {
  readonly open: number;
  readonly limit: number;
  /** Answered 503 or not made, for the limit or because the service ends. */
  readonly refused: number;
  /** Changes of a call that were refused, since too many waited, or for too long. */
  readonly busy: number;
}

export interface Sessions {
  readonly service: Service;
  readonly caller: Caller;
  /** A request within a dialog, of a method that another service takes outside of one. */
  within(request: SipRequest): Promise<void>;
  /** The call that has that dialog. */
  replaced(replaces: Replaces): Call | undefined;
  readonly metrics: SessionsMetrics;
  /** Takes no new call, hangs up all, and waits until that is done, but 2 seconds at most. */
  stop(): Promise<void>;
}

const LIMIT = 10_000;
/** In seconds: when a caller who was refused for the limit may try again. */
const RETRY_AFTER = '10';
/** In milliseconds. */
const FAREWELL = 2_000;

export const sessions = (parts: SessionsParts): Sessions => new AllSessions(parts);

class AllSessions implements Sessions, Service, CallOwner {
  readonly name = 'sessions';
  readonly methods = ['INVITE', 'BYE', 'INFO', 'UPDATE', 'PRACK', 'REFER'];
  readonly service = this;
  readonly caller: Calls;
  readonly #parts: SessionsParts;
  readonly #limit: number;
  /** By what names a call in each request of the far end. */
  readonly #calls = new Map<string, Call>();
  /** By the stack's name of the dialog, which is all that it says of one that it has ended. */
  readonly #dialogs = new Map<string, Call>();
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  #abilities: readonly SipHeader[] = [];
  #refused = 0;
  #busy = 0;
  #isStopping = false;
  #onEmpty: () => void = () => undefined;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#limit = parts.limit ?? LIMIT;
    this.caller = new Calls({
      ...parts,
      host: () => this.#host(),
      call: ({ view, supplements, invite }, allow, key) => {
        const negotiation = this.#negotiation({ ...view.endpoint, allow });
        return new Call({ owner: this, key, view, supplements, negotiation }, invite);
      },
    });
    this.log = parts.log;
    this.clock = parts.clock;
    this.random = parts.random;
  }

  // --- what its calls need of it ---------------------------------------------------------------------

  get abilities(): readonly SipHeader[] {
    const { services, supported } = this.#parts;
    const { allow } = services;
    if (this.#abilities[0]?.[1] !== allow) {
      this.#abilities = [
        ['Allow', allow],
        ['Supported', supported.join(', ')],
      ];
    }
    return this.#abilities;
  }

  send(endpoint: EndpointObject, request: OutgoingRequest): ClientTransaction {
    return this.#parts.outbound(endpoint, request);
  }

  uriOf(resource: string): string {
    return this.caller.uriOf(resource);
  }

  onDial(call: Call): void {
    if (this.#isFull) throw new Fault('unavailable', `There are ${this.#calls.size} calls already`);
    this.#calls.set(call.key, call);
  }

  onDialog(call: Call, dialogId: string, to: string | undefined): void {
    const tag = parseNameAddress(to ?? '')?.params.get('tag');
    call.view.calledTag = tag === undefined ? undefined : ownText(tag);
    if (this.#calls.get(call.key) !== call) return;
    call.view.dialogId = dialogId;
    this.#dialogs.set(dialogId, call);
  }

  onBusy(): void {
    this.#busy += 1;
  }

  onEnd(call: Call): void {
    const { dialogId } = call.view;
    if (this.#calls.get(call.key) === call) this.#calls.delete(call.key);
    if (dialogId !== undefined) this.#dialogs.delete(dialogId);
    if (this.#calls.size === 0) this.#onEmpty();
  }

  // --- what is asked of it ---------------------------------------------------------------------------

  get metrics(): SessionsMetrics {
    return { open: this.#calls.size, limit: this.#limit, refused: this.#refused, busy: this.#busy };
  }

  async handle(request: SipRequest, sender: Sender | undefined): Promise<void> {
    if (sender !== undefined && request.method === 'INVITE') return this.#invited(request, sender);
    const call = this.#find(request);
    if (call !== undefined) return call.receive(request);
    if (!request.isOwn) await refuse(request, 481);
  }

  /** A request of another service's method that came within a dialog. */
  async within(request: SipRequest): Promise<void> {
    await this.handle(request, undefined);
  }

  replaced({ callId, fromTag, toTag }: Replaces): Call | undefined {
    const [theirs, ours] = [this.#calls.get(callKey(callId, fromTag)), this.#calls.get(callKey(callId, toTag))];
    if (theirs?.isTheirs === true && theirs.calledTag === toTag) return theirs;
    return ours?.isTheirs === false && ours.calledTag === fromTag ? ours : undefined;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const isEmpty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    for (const call of [...this.#calls.values()]) call.shutDown();
    if (this.#calls.size === 0) return;
    let callOff: () => void = () => undefined;
    const isLate = new Promise<void>((resolve) => (callOff = this.#parts.clock.after(FAREWELL, resolve)));
    await Promise.race([isEmpty, isLate]);
    callOff();
  }

  get #isFull(): boolean {
    const isFull = this.#isStopping || this.#calls.size >= this.#limit;
    if (isFull) this.#refused += 1;
    return isFull;
  }

  async #invited(invite: SipRequest, { object, endpoint }: Sender): Promise<void> {
    const { core, supported, supplements, log } = this.#parts;
    if (this.#isFull) return refuse(invite, 503, [['Retry-After', RETRY_AFTER]]);
    // The same INVITE by another way (RFC 3261 8.2.2.2).
    const key = keyOf(invite, 'From');
    if (this.#calls.has(key)) return refuse(invite, 482);
    const replaced = this.#replacedBy(invite);
    if (typeof replaced === 'number') return refuse(invite, replaced);
    const negotiationOf = (): Negotiation => this.#negotiation(object, invite.receivedOn?.address);
    const isReplacing = replaced !== undefined;
    const admission = admit(invite, object, { routing: core.routing, supported, isReplacing, negotiationOf });
    if (admission.kind === 'refused') return refuse(invite, admission.status, admission.headers);

    const { exten, negotiation, offered, domain, route } = admission;
    const view = new SessionView({ endpoint: object, direction: 'inbound', host: this.#host(invite), log });
    view.remote = invite.source;
    const asked = supplements.begin(view);
    const request = await asked.incomingRequest(invite);
    if (request === undefined) return asked.end();

    const { context, language } = object;
    const driver = new Call(
      { owner: this, key, view, supplements: asked, negotiation },
      { of: 'theirs', request, offered },
    );
    this.#calls.set(key, driver);
    const channel = core.channels.create({
      ...{ endpoint, name: `PJSIP/${object.id}`, state: 'Ring', context, exten, language, driver },
      ...(view.caller !== undefined && { caller: view.caller }),
      ...(view.redirecting !== undefined && { redirecting: view.redirecting }),
      variables: view.variables,
    });
    channel.setProtocolId(ownText(invite.headers.get('Call-ID') ?? ''));
    channel.setVariable('SIPDOMAIN', domain);
    if (route !== undefined) run(channel, route, core);
    driver.drives(channel);
    // What it takes to be there must not keep its own ACK waiting.
    if (replaced !== undefined)
      void replace(channel, replaced, core).catch((error: unknown) =>
        log('error', `A bug in replacing a call: ${inWords(error)}`),
      );
  }

  /** Whose place an INVITE is to take, or with which status it is refused (RFC 3891 3). */
  #replacedBy({ headers }: SipRequest): Channel | number | undefined {
    const replaces = replacesOf(headers);
    if (replaces === undefined) return undefined;
    if (replaces === 'bad') return 400;
    const call = this.replaced(replaces);
    if (call?.channel === undefined) return 481;
    if (call.channel.isEnded) return 603;
    // Who calls us has to be answered, and whom we call has to answer, before anyone can take its place.
    if (call.channel.snapshot.state !== 'Up') return call.isTheirs ? 481 : 488;
    if (replaces.earlyOnly) return 486;
    return this.#parts.core.transfers.hasPlace(call.channel) ? call.channel : 488;
  }

  #find(request: SipRequest): Call | undefined {
    if (request.dialogId === undefined) return undefined;
    if (request.isOwn) return this.#dialogs.get(request.dialogId);
    return this.#calls.get(keyOf(request, 'From')) ?? this.#calls.get(keyOf(request, 'To'));
  }

  #negotiation(settings: EndpointObject, receivedOn?: string): Negotiation {
    const { stack, random } = this.#parts;
    const address = receivedOn ?? ownPlace(stack)?.address ?? '127.0.0.1';
    return new Negotiation({ settings, address, random });
  }

  /** Our own, as addresses name it. */
  #host(invite?: SipRequest): string {
    const here = invite?.receivedOn ?? ownPlace(this.#parts.stack);
    return here === undefined ? 'localhost' : hostOf(here);
  }
}

/** The new call comes, the old one goes; if that fails, the new one ends, and the old one, if that has cost it its place. */
async function replace(channel: Channel, replaced: Channel, { transfers }: Pick<Core, 'transfers'>): Promise<void> {
  try {
    await transfers.replace(channel, replaced);
    replaced.finish();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    channel.finish();
    if (!transfers.hasPlace(replaced)) replaced.finish();
  }
}

const refuse = async (request: SipRequest, status: number, headers: readonly SipHeader[] = []): Promise<void> =>
  void (await request.respond(status, { headers }));

/**
 * What names a call in each request of the far end: the Call-ID and the tag of who began it. The stack has seen to the
 * other tag already; and a request may overtake the news that a response has made the dialog (RFC 3261 12).
 */
function keyOf({ headers }: SipRequest, beganBy: 'From' | 'To'): string {
  const tag = parseNameAddress(headers.get(beganBy) ?? '')?.params.get('tag');
  return callKey(headers.get('Call-ID') ?? '', tag);
}
