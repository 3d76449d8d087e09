// All calls: takes INVITE and what comes within its dialogs, and makes a channel of each call.
import { run } from '../../core/execution.ts';
import type { Core } from '../../core/index.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from './log.ts';
import type { Outbound } from './outbound.ts';
import { parseNameAddress } from './name-address.ts';
import type { Sender, Service } from './service.ts';
import type { Services } from './services.ts';
import { Call, type CallParts } from './session-driver.ts';
import { admit } from './sessions-admission.ts';
import type { SipHeader, SipRequest, SipStack } from './stack.ts';

export interface SessionsParts {
  readonly core: Pick<Core, 'applications' | 'channels' | 'routing' | 'summons'>;
  readonly stack: Pick<SipStack, 'addresses'>;
  readonly outbound: Outbound;
  readonly services: Pick<Services, 'allow'>;
  /** The extensions of SIP that we support (RFC 3261 20.37). */
  readonly supported: readonly string[];
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** How many calls there may be at once, 10,000 if left out. Beyond it a new one is answered 503. */
  readonly limit?: number;
}

export interface SessionsMetrics {
  readonly open: number;
  readonly limit: number;
  /** Answered 503, for the limit or because the service ends. */
  readonly refused: number;
}

export interface Sessions {
  readonly service: Service;
  readonly metrics: SessionsMetrics;
  /** Takes no new call, hangs up all, and waits until that is done, but 2 seconds at most. */
  stop(): Promise<void>;
}

const LIMIT = 10_000;
/** In seconds: when a caller who was refused for the limit may try again. */
const RETRY_AFTER = '10';
/** In milliseconds. */
const FAREWELL = 2_000;

export const sessions = (parts: SessionsParts): Sessions => new InboundSessions(parts);

class InboundSessions implements Sessions, Service {
  readonly name = 'sessions';
  readonly methods = ['INVITE', 'BYE', 'INFO', 'UPDATE'];
  readonly service = this;
  readonly #parts: SessionsParts;
  readonly #limit: number;
  readonly #calls = new Map<string, Call>();
  /** By the stack's name of the dialog, which is all that it says of one that it has ended. */
  readonly #dialogs = new Map<string, Call>();
  #refused = 0;
  #isStopping = false;
  #onEmpty: () => void = () => undefined;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#limit = parts.limit ?? LIMIT;
  }

  get metrics(): SessionsMetrics {
    return { open: this.#calls.size, limit: this.#limit, refused: this.#refused };
  }

  async handle(request: SipRequest, sender: Sender | undefined): Promise<void> {
    if (sender !== undefined && request.method === 'INVITE') return this.#invited(request, sender);
    const call = this.#find(request);
    if (call !== undefined) return call.receive(request);
    if (!request.isOwn) await refuse(request, 481);
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

  async #invited(invite: SipRequest, { object, endpoint }: Sender): Promise<void> {
    const { core, supported } = this.#parts;
    if (this.#isStopping || this.#calls.size >= this.#limit) {
      this.#refused += 1;
      return refuse(invite, 503, [['Retry-After', RETRY_AFTER]]);
    }
    // The same INVITE by another way (RFC 3261 8.2.2.2).
    if (this.#calls.has(keyOf(invite))) return refuse(invite, 482);
    const admission = admit(invite, object, core.routing, supported);
    if (admission.kind === 'refused') return refuse(invite, admission.status, admission.headers);

    const { exten, caller, media, domain, route } = admission;
    const { context, language, allow } = object;
    const send: CallParts['send'] = (request) => this.#parts.outbound(object, request);
    const driver = this.#call({ invite, media, allow, send });
    const name = `PJSIP/${object.id}`;
    const channel = core.channels.create({ endpoint, name, state: 'Ring', caller, context, exten, language, driver });
    channel.setProtocolId(invite.headers.get('Call-ID') ?? '');
    channel.setVariable('SIPDOMAIN', domain);
    run(channel, route, core);
    driver.drives(channel);
  }

  #find(request: SipRequest): Call | undefined {
    if (request.dialogId === undefined) return undefined;
    return request.isOwn ? this.#dialogs.get(request.dialogId) : this.#calls.get(keyOf(request));
  }

  /** A call that is known until it ends. */
  #call(given: Pick<CallParts, 'invite' | 'media' | 'allow' | 'send'>): Call {
    const { stack, services, supported, random, log } = this.#parts;
    const key = keyOf(given.invite);
    const address = given.invite.receivedOn?.address ?? stack.addresses[0]?.address ?? '127.0.0.1';
    let dialog: string | undefined;
    const onDialog = (dialogId: string): void => {
      if (this.#calls.get(key) !== call) return;
      dialog = dialogId;
      this.#dialogs.set(dialogId, call);
    };
    const onEnd = (): void => {
      this.#calls.delete(key);
      if (dialog !== undefined) this.#dialogs.delete(dialog);
      if (this.#calls.size === 0) this.#onEmpty();
    };
    const abilities: SipHeader[] = [
      ['Allow', services.allow],
      ['Supported', supported.join(', ')],
    ];
    const call = new Call({ ...given, address, abilities, random, log, onDialog, onEnd });
    this.#calls.set(key, call);
    return call;
  }
}

const refuse = async (request: SipRequest, status: number, headers: readonly SipHeader[] = []): Promise<void> =>
  void (await request.respond(status, { headers }));

/**
 * What names a call in each request of the far end: the Call-ID and the caller's tag. The stack has seen to our tag
 * already; and a request may overtake the news that a response has made the dialog (RFC 3261 12).
 */
function keyOf({ headers }: SipRequest): string {
  const caller = parseNameAddress(headers.get('From') ?? '');
  return `${headers.get('Call-ID')};${caller?.params.get('tag')}`;
}
