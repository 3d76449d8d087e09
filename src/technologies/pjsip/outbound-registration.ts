// One registration of ours at a provider: made, kept, tried again, and taken back (RFC 3261 10.2).
import type { RegistrationChange, RegistrationSnapshot } from '../../core/registrations.ts';
import { Fault } from '../../errors.ts';
import { endpointId } from '../../ids.ts';
import type { Clock } from '../../core/clock.ts';
import { hostPort } from './contact.ts';
import { Credentials } from './credentials.ts';
import type { Log } from './log.ts';
import { divide, parseNameAddress } from './name-address.ts';
import type { RegistrationObject } from './objects/index.ts';
import { isChallenge } from './outbound.ts';
import { contactOf, grantedTo, refreshAfter, secondsIn, transportOf } from './registering.ts';
import { RequestBuilder } from './request.ts';
import { nextTry } from './retry.ts';
import type { ClientTransaction, SentRequest, SipAddress, SipHeader, SipResponse, SipStack } from './stack.ts';

export interface OutboundRegistrationParts {
  readonly stack: Pick<SipStack, 'send'>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  /** From 0 up to 1. */
  readonly fraction: () => number;
  readonly log: Log;
  readonly onChange: (registration: OutboundRegistration, change: RegistrationChange) => void;
}

/** How often one REGISTER is sent, whatever is asked: who we are, and for longer. */
const TIMES = 6;
/** The longest that a timer of the system can wait, in milliseconds. */
const LONGEST = 0x7fff_ffff;
/** In seconds: after the end of its connection, so that a provider who ends each of them is not asked without a pause. */
const PAUSE = 1;

/** What changes of a snapshot. */
type Shown = Pick<RegistrationSnapshot, 'state' | 'uri'> & Partial<RegistrationSnapshot>;

interface Outcome {
  readonly sent: SentRequest;
  readonly response: SipResponse;
}

export class OutboundRegistration {
  readonly object: RegistrationObject;
  readonly #parts: OutboundRegistrationParts;
  readonly #credentials: Credentials;
  readonly #identity: readonly SipHeader[];
  readonly #contact: string;
  #number = 0;
  #expiration: number;
  #failures = 0;
  #shown: Shown;
  /** Until when the provider has us registered, as far as we know; in milliseconds since 1970. */
  #heldUntil = 0;
  #serviceRoute: readonly string[] = [];
  /** Where the last 200 came from. */
  #source: SipAddress | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #disarm: () => void = () => undefined;
  #isEnded = false;
  #isAbandoned = false;

  constructor(object: RegistrationObject, parts: OutboundRegistrationParts) {
    const { random } = parts;
    this.object = object;
    this.#parts = parts;
    this.#credentials = new Credentials(object.outbound_auth, () => random(8).toString('hex'));
    this.#identity = [
      ['From', `<${object.client_uri}>;tag=${random(8).toString('hex')}`],
      ['To', `<${object.client_uri}>`],
      ['Call-ID', random(16).toString('hex')],
    ];
    this.#contact = contactOf(object);
    this.#expiration = object.expiration;
    this.#shown = { state: 'Unregistered', uri: this.#contact };
  }

  get snapshot(): RegistrationSnapshot {
    const { id, endpoint, client_uri: aor } = this.object;
    return {
      id: snapshotId(id),
      direction: 'outbound',
      ...(endpoint !== undefined && { endpoint: endpointId({ tech: 'PJSIP', resource: endpoint }) }),
      aor,
      path: this.serviceRoute,
      transport: transportOf(this.object),
      ...this.#shown,
    };
  }

  /** The way on which the provider wants our requests (RFC 3608), while it has us registered. */
  get serviceRoute(): readonly string[] {
    return this.#isHeld() ? this.#serviceRoute : [];
  }

  /** Registers, now and as long as it takes. */
  start(): void {
    this.#underWay = this.#register();
  }

  /** The provider reaches us by the connection over which we registered: without it we have to come again. */
  flowClosed({ protocol, address, port }: SipAddress): void {
    const { protocol: usual, address: there, port: at } = this.#source ?? {};
    if (this.#isEnded || !this.#isHeld() || usual !== protocol || there !== address || at !== port) return;
    this.#source = undefined;
    this.#again(PAUSE);
  }

  /** Tries no more, and takes the registration back, if there may be one. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#disarm();
    await this.#underWay;
    if (this.#isAbandoned || this.#shown.state === 'Stopped') return;
    const wasHeld = this.#isHeld();
    this.#heldUntil = 0;
    this.#tell({ state: 'Stopped', uri: this.#shown.uri }, wasHeld ? 'unregistered' : 'stopped');
    if (!wasHeld) return;
    const outcome = await this.#ask(0);
    if (outcome !== undefined && outcome.response.status < 300) return this.#log('info', 'was taken back');
    this.#log('warn', `could not be taken back${outcome === undefined ? '' : `: ${inWords(outcome.response)}`}`);
  }

  /** Nobody waits for its end any longer: nothing more is sent or told, whatever is still answered. */
  abandon(): void {
    if (this.#shown.state !== 'Stopped') this.#tell({ state: 'Stopped', uri: this.#shown.uri }, 'stopped');
    this.#heldUntil = 0;
    this.#isAbandoned = true;
  }

  #isHeld(): boolean {
    return this.#heldUntil > this.#parts.clock.now();
  }

  async #register(): Promise<void> {
    const begun = this.#parts.clock.now();
    const outcome = await this.#ask(this.#expiration);
    if (this.#isAbandoned) return;
    if (outcome !== undefined && outcome.response.status < 300) this.#accepted(outcome, begun);
    else this.#failed(outcome?.response);
  }

  /** Says who we are when asked, and asks for longer when it was too short (RFC 3261 10.2.8). Undefined when it cannot be sent. */
  async #ask(seconds: number): Promise<Outcome | undefined> {
    let expires = seconds;
    this.#credentials.begin();
    for (let times = 1; ; times++) {
      let outcome: Outcome;
      try {
        const transaction = this.#send(expires);
        outcome = { sent: await transaction.sent, response: await transaction.final };
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#log('warn', `cannot be sent: ${error.message}`);
        return undefined;
      }
      const { response } = outcome;
      const least = response.status === 423 ? secondsIn(response, 'Min-Expires') : undefined;
      const isTooShort = least !== undefined && expires > 0 && least > expires;
      if (isTooShort) expires = this.#expiration = least;
      const isAsked = isChallenge(response) && this.#credentials.take(response);
      if (times === TIMES || this.#isAbandoned || !(isTooShort || isAsked)) return outcome;
    }
  }

  #send(expires: number): ClientTransaction {
    const { server_uri: uri, outbound_proxy: nextHop, support_path: isPathSupported } = this.object;
    const way = { uri, ...(nextHop !== undefined && { nextHop }), headers: this.#identity };
    const request = new RequestBuilder((built) => this.#parts.stack.send(built), 'REGISTER', way)
      .header('CSeq', `${(this.#number += 1)} REGISTER`)
      .header('Contact', `<${this.#contact}>`)
      .header('Expires', String(expires));
    if (isPathSupported) request.header('Supported', 'path');
    for (const [name, value] of this.#credentials.headers({ method: 'REGISTER', uri })) request.header(name, value);
    return request.send();
  }

  #accepted({ sent, response }: Outcome, begun: number): void {
    const { clock } = this.#parts;
    const now = clock.now();
    const uri = parseNameAddress(sent.headers.get('Contact') ?? '')?.uri ?? this.#contact;
    const granted = grantedTo(uri, response) ?? this.#expiration;
    const agent = response.headers.get('Server');
    this.#credentials.accepted(response);
    this.#failures = 0;
    this.#source = response.source;
    this.#heldUntil = now + granted * 1000;
    this.#serviceRoute = response.headers.all('Service-Route').flatMap((line) => divide(line, ','));
    const isNew = this.#shown.state !== 'Registered';
    if (isNew) this.#log('info', `holds for ${granted} s`);
    this.#tell(
      {
        state: 'Registered',
        uri,
        status: inWords(response),
        ...(response.source !== undefined && {
          source: hostPort(response.source),
          transport: response.source.protocol,
        }),
        ...(agent !== undefined && { agent }),
        registeredAt: now,
        expiresAt: this.#heldUntil,
        roundtrip: (now - begun) * 1000,
      },
      isNew ? 'registered' : 'refreshed',
    );
    this.#again(refreshAfter(granted));
  }

  #failed(response: SipResponse | undefined): void {
    if (this.#isEnded) return;
    const retryAfter = response && secondsIn(response, 'Retry-After');
    const next = nextTry(this.object, { status: response?.status, retryAfter }, this.#failures);
    if (next.kind === 'again' && next.counts) this.#failures += 1;
    const status = response === undefined ? 'Not sent' : inWords(response);
    const isGivenUp = next.kind === 'never';
    const after = isGivenUp ? 0 : next.after * (1 + this.#parts.fraction() / 10);
    this.#log('warn', `failed: ${status}; ${isGivenUp ? 'given up' : `tried again in ${Math.round(after)} s`}`);
    const isRefused = response?.source !== undefined;
    this.#tell({ state: 'Rejected', uri: this.#contact, status }, isRefused ? 'rejected' : 'failed');
    if (!isGivenUp) this.#again(after);
  }

  #again(seconds: number): void {
    if (this.#isEnded) return;
    this.#disarm();
    this.#disarm = this.#parts.clock.after(Math.min(seconds * 1000, LONGEST), () => this.start());
  }

  #tell(shown: Shown, change: RegistrationChange): void {
    this.#shown = shown;
    this.#parts.onChange(this, change);
  }

  #log(level: 'info' | 'warn', text: string): void {
    this.#parts.log(level, `The registration ${this.object.id} at ${this.object.server_uri} ${text}`);
  }
}

/** Letters, digits and "-" as they are, all else by its code. */
export const snapshotId = (id: string): string =>
  `outbound.${[...Buffer.from(id)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z\d-]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`;
    })
    .join('')}`;

const inWords = ({ status, reason }: SipResponse): string => `${status} ${reason}`.trim();
