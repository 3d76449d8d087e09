// Referrals outside of calls, by REFER (RFC 3515): sent for applications; what the other side then tells of their progress is logged.
import type { Referral } from '../../core/referrals.ts';
import type { Referrer } from '../../core/technology.ts';
import { Fault } from '../../errors.ts';
import type { Clock } from '../../core/clock.ts';
import { towards } from './contact.ts';
import { destinationOf, directory, isSip, type Destination, type Directory } from './destination.ts';
import type { Location } from './location.ts';
import { inWords, type Log } from './log.ts';
import { addressed, divided, refuseBreaking, written } from './messages-sent.ts';
import { formatNameAddress, parseNameAddress } from './name-address.ts';
import type { PjsipObjects } from './objects/index.ts';
import type { Outbound } from './outbound.ts';
import { hostOf, ownPlace, ownUri } from './own-address.ts';
import { requests, type Requests } from './request.ts';
import type { Sender, Service } from './service.ts';
import type { SipHeader, SipRequest, SipStack } from './stack.ts';
import { formatUri, parseUri, schemeOf, sipUri } from './uri.ts';

export interface ReferralsParts {
  readonly objects: Pick<PjsipObjects, 'endpoints' | 'aors' | 'global'>;
  readonly location: Pick<Location, 'contacts'>;
  readonly stack: Pick<SipStack, 'addresses'>;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly log: Log;
  /** Takes what comes within the dialog of a call. */
  readonly withinCall: (request: SipRequest) => Promise<void>;
  /** Of how many the progress is awaited at most, 1,000 if left out. Beyond it they are refused. */
  readonly limit?: number;
}

export interface ReferralsMetrics {
  readonly waiting: number;
  readonly limit: number;
  readonly refused: number;
}

const LIMIT = 1_000;
/** Seconds that the progress is awaited where the other side names no time, and in any case beyond the time that it names. */
const USUAL = 300;
const GRACE = 32;
/** Besides what a MESSAGE may not carry either. */
const OURS: readonly string[] = ['content-type', 'refer-to', 'display_name'];

export class Referrals implements Service, Referrer {
  readonly name = 'referrals';
  readonly methods = ['NOTIFY'];
  readonly scheme = 'pjsip';
  readonly #parts: ReferralsParts;
  readonly #directory: Directory;
  readonly #request: Requests;
  readonly #limit: number;
  /** By Call-ID: whom was asked, and how to stop waiting for news. */
  readonly #waiting = new Map<string, { readonly address: string; readonly callOff: () => void }>();
  #refused = 0;

  constructor(parts: ReferralsParts) {
    this.#parts = parts;
    this.#directory = directory(parts.objects, parts.location);
    this.#request = requests(parts.outbound);
    this.#limit = parts.limit ?? LIMIT;
  }

  get metrics(): ReferralsMetrics {
    return { waiting: this.#waiting.size, limit: this.#limit, refused: this.#refused };
  }

  async refer(address: string, referral: Referral): Promise<void> {
    const { random, log } = this.#parts;
    refuseBreaking('to', address);
    const destination = destinationOf(address, this.#directory);
    const { endpoint, contact } = destination;
    const { headers: route = [], ...way } = towards(contact);
    const headers = this.#headers(address, referral, destination, way.nextHop ?? contact.uri);
    if (this.#waiting.size >= this.#limit) {
      this.#refused += 1;
      throw new Fault('unavailable', `The progress of ${this.#limit} referrals is awaited already`);
    }
    // Ours, so that not even the first NOTIFY comes too early to be known.
    const callId = random(16).toString('hex');
    this.#await(callId, address, USUAL);
    const transaction = this.#request(endpoint, 'REFER', { ...way, uri: contact.uri, headers: [...route, ...headers] })
      .header('Call-ID', callId)
      .send();
    try {
      await transaction.sent;
    } catch (error) {
      this.#forget(callId);
      throw error;
    }
    const failed = (how: string): void => {
      this.#forget(callId);
      log('warn', `A referral of ${address} ${how}`);
    };
    void transaction.final.then(
      ({ status, reason }) => {
        if (status >= 300) failed(`was answered ${status} ${reason}`);
      },
      (error: unknown) => failed(`was lost: ${inWords(error)}`),
    );
  }

  async handle(request: SipRequest, from: Sender | undefined): Promise<void> {
    const callId = request.headers.get('Call-ID') ?? '';
    const waiting = this.#waiting.get(callId);
    if (waiting === undefined) {
      if (request.isOwn) return;
      if (from === undefined && request.dialogId !== undefined) return this.#parts.withinCall(request);
      // There is no subscription (RFC 6665 4.1.3).
      await request.respond(481);
      return;
    }
    const state = request.headers.get('Subscription-State') ?? '';
    const seconds = /;\s*expires\s*=\s*(\d{1,5})\b/i.exec(state)?.[1];
    if (request.isOwn || /^\s*terminated\b/i.test(state)) this.#forget(callId);
    else this.#await(callId, waiting.address, Number(seconds ?? USUAL));
    if (request.isOwn) return;
    const news = /^[^\r\n]{0,100}/.exec(request.body)![0];
    this.#parts.log('info', `The referral of ${waiting.address}: ${JSON.stringify(news)}`);
    await request.respond(200);
  }

  /** Waits for no news any longer. */
  close(): void {
    for (const callId of [...this.#waiting.keys()]) this.#forget(callId);
  }

  #await(callId: string, address: string, seconds: number): void {
    this.#waiting.get(callId)?.callOff();
    const callOff = this.#parts.clock.after((seconds + GRACE) * 1_000, () => void this.#waiting.delete(callId));
    this.#waiting.set(callId, { address, callOff });
  }

  #forget(callId: string): void {
    this.#waiting.get(callId)?.callOff();
    this.#waiting.delete(callId);
  }

  /** `way` is the URI to which it is sent first, so that our Contact names the transport by which we are reached. */
  #headers(address: string, referral: Referral, { endpoint, contact }: Destination, way: string): SipHeader[] {
    const { from, variables, displayName } = referral;
    const own = ownUri(endpoint, this.#parts.stack);
    const [named, others] = divided(Object.entries(variables), ([name]) => name.toLowerCase() === 'display_name');
    const name = displayName === '' ? (named.at(-1)?.[1] ?? '') : displayName;
    refuseBreaking('display_name', name);
    const given = written(others.filter(([each]) => !OURS.includes(each.toLowerCase())));
    const headers = addressed(address, from, { own, target: contact.uri });
    const transport = parseUri(way)?.params.get('transport');
    const params = new Map(transport === undefined ? [] : [['transport', transport]]);
    const isReferredBy = ([each]: SipHeader): boolean => each.toLowerCase() === 'referred-by';
    return [
      ...headers,
      ['Contact', `<${formatUri({ ...sipUri(own.user, 'localhost'), params })}>`],
      ['Refer-To', formatNameAddress({ name, uri: this.#referTo(referral), params: new Map() })],
      // Whoever it is from has said so (RFC 3892), unless the application says who has.
      ...(given.some(isReferredBy) ? [] : [['Referred-By', headers[0]![1]] as const]),
      ...given,
    ];
  }

  /** A URI stands for itself; an endpoint for its contact, or with `toSelf` for itself as it is called through us. */
  #referTo({ referTo, toSelf }: Referral): string {
    refuseBreaking('refer_to', referTo);
    const text = referTo.replace(/^(pjsip:|PJSIP\/(?!.*@))/, '');
    const uri = parseNameAddress(text)?.uri ?? text;
    const isUri = isSip(uri) ? parseUri(uri) !== undefined : /^[a-z][a-z\d+.-]*:[^\s<>"]+$/i.test(uri);
    if (isUri) return uri;
    if (schemeOf(uri) !== undefined) throw notReferable(referTo);
    const id = this.#directory.endpoints.has(text) ? text : undefined;
    if (id === undefined || !toSelf) return destinationOf(text, this.#directory).contact.uri;
    const place = ownPlace(this.#parts.stack);
    if (place === undefined) throw notReferable(referTo);
    const params = new Map(place.protocol === 'udp' ? [] : [['transport', place.protocol]]);
    return formatUri({ ...sipUri(id, hostOf(place), place.port), params });
  }
}

const notReferable = (referTo: string): Fault =>
  new Fault('not-found', `"${referTo}" is nothing that can be referred to`, { code: 'refer-to-not-found' });
