// The SipStack by drachtio-srf: one connection to a SIP server that speaks drachtio's protocol, embedded or not. What there may be
// thousands of a second, MESSAGE, goes over that connection by frames of our own (`pager-mode.ts`).
import type {
  ClientTransaction,
  OutgoingRequest,
  SipAddress,
  SipFlows,
  SipRequest,
  SipResponse,
  SipStack,
} from '../../technologies/pjsip/stack.ts';
import { anyBodies, textBodies, type Bodies } from './bodies.ts';
import type { Log } from './connection.ts';
import { Connection } from './connection.ts';
import { Dialogs } from './dialogs.ts';
import { PagerMode } from './pager-mode.ts';
import { lostDialog, ownRequest, ServerTransaction } from './request.ts';
import type { SrfAnswer, SrfClient, SrfRequest } from './srf.ts';
import { createSrf } from './srf.ts';
import { send } from './transaction.ts';

export interface DrachtioOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly log: Log;
  /** Milliseconds that `start` keeps trying to connect: 10 000 unless told otherwise. */
  readonly patience?: number;
  /**
   * Milliseconds between two questions whether the server is there, 5 000 unless told otherwise: within twice as many
   * it is noticed that it is not.
   */
  readonly heartbeat?: number;
  /** What drachtio's protocol has no word for, if the server tells it beside the protocol. */
  readonly flows?: SipFlows;
  /** The server is the embedded one, which carries any bytes. */
  readonly binaryBodies?: boolean;
}

/**
 * What we ask the server for; ACK and CANCEL come with their INVITE. "*" asks for the methods that nobody routes:
 * drachtio-server takes it for the name of a method that never comes.
 */
const routes: readonly string[] = [
  'register',
  'message',
  'invite',
  'options',
  'bye',
  'info',
  'update',
  'refer',
  'notify',
  'subscribe',
  'publish',
  'prack',
  '*',
];

export const drachtioStack = (options: DrachtioOptions): SipStack => new DrachtioStack(options);

class DrachtioStack implements SipStack {
  readonly flows?: SipFlows;
  readonly binaryBodies: boolean;
  readonly #bodies: Bodies;
  readonly #srf: SrfClient = createSrf();
  readonly #pagerMode = new PagerMode((request, answer) => this.#accept(request, answer));
  readonly #dialogs = new Dialogs();
  readonly #connection: Connection;
  readonly #server: SipAddress;
  readonly #log: Log;
  #onRequest: ((request: SipRequest) => void) | undefined;

  constructor(options: DrachtioOptions) {
    const { host, port, secret, log, patience = 10_000, heartbeat = 5_000, flows, binaryBodies = false } = options;
    if (flows !== undefined) this.flows = flows;
    this.binaryBodies = binaryBodies;
    this.#bodies = binaryBodies ? anyBodies : textBodies;
    this.#connection = new Connection(this.#srf, {
      ...{ host, port, secret, routes, log, patience, heartbeat },
      onAgent: (agent) => this.#pagerMode.watch(agent),
    });
    this.#log = log;
    this.#server = { protocol: 'tcp', address: host, port };
  }

  get addresses(): readonly SipAddress[] {
    return this.#connection.addresses;
  }

  get isConnected(): boolean {
    return this.#connection.isUp;
  }

  async start(onRequest: (request: SipRequest) => void): Promise<void> {
    this.#onRequest = onRequest;
    this.#srf.use((request, answer) => this.#accept(request, answer));
    this.#watchConnection();
    await this.#connection.open();
  }

  stop(): Promise<void> {
    this.#dialogs.takeAll();
    return this.#connection.close();
  }

  send(request: OutgoingRequest): ClientTransaction {
    return send(request, {
      srf: this.#srf,
      connection: this.#connection,
      pagerMode: this.#pagerMode,
      bodies: this.#bodies,
      onSent: (sent) => this.#watchForUpdate(sent),
      onFinal: (response) => this.#keepAccount(request, response),
    });
  }

  #accept(request: SrfRequest, answer: SrfAnswer): void {
    const dialogId = request.stackDialogId ?? '';
    if (request.source === 'application') {
      this.#dialogs.closed(dialogId);
      return this.#deliver(ownRequest(request, this.#bodies));
    }
    if (request.method === 'ACK') return this.#dialogs.acknowledged(dialogId, this.#bodies.read(request.raw));
    if (request.method === 'BYE') this.#dialogs.closed(dialogId);
    if (request.method === 'INVITE') this.#watchForUpdate(request);
    const parts = { connection: this.#connection, dialogs: this.#dialogs, bodies: this.#bodies };
    const received = new ServerTransaction(request, answer, parts).request;
    if (received.method === 'MESSAGE' && this.#bodies.mayLack(received)) return this.#refuse(received);
    this.#deliver(received);
  }

  /** A message is taken whole or not at all. */
  #refuse(request: SipRequest): void {
    request.respond(415, { headers: [['Accept', 'text/plain']] }).catch((error: unknown) => {
      this.#log('warn', `a MESSAGE that is not text could not be refused: ${String(error)}`);
    });
  }

  /** In a turn of its own: srf would catch what is thrown, and answer for us. */
  #deliver(request: SipRequest): void {
    queueMicrotask(() => this.#onRequest?.(request));
  }

  /** While a request is unanswered, srf hands an UPDATE of the same call to that request instead of to its handler. */
  #watchForUpdate(request: SrfRequest): void {
    request.on('update', (update, answer) => this.#accept(update, answer));
  }

  #keepAccount({ method, dialogId }: OutgoingRequest, response: SipResponse): void {
    const isSuccess = response.status < 300;
    if (method === 'INVITE' && isSuccess && response.dialogId !== undefined) this.#dialogs.opened(response.dialogId);
    const isChallenge = response.status === 401 || response.status === 407;
    if (method === 'BYE' && dialogId !== undefined && !isChallenge) this.#dialogs.closed(dialogId);
  }

  #watchConnection(): void {
    this.#connection.onLost(() => {
      this.#watchConnection();
      for (const dialogId of this.#dialogs.takeAll()) this.#deliver(lostDialog(dialogId, this.#server));
    });
  }
}
