// A SIP server in this process. It speaks the client protocol of drachtio, so that an unmodified drachtio-srf drives it.
//
//   transport/    UDP, TCP, TLS and WebSocket: octets in and out. A Flow is one way to one remote place.
//   parser        octets to a message, or to what is wrong with it; message, grammar/: the parts of a message.
//   transaction/  the four machines of RFC 3261 17 with RFC 6026: they know time and retransmission, and nothing of SIP's headers.
//                 over: what is remembered of those that are answered.
//   dialogs       what the requests of a call or subscription have in common, and how a message finds it.
//   locate/       a SIP URI to the places that serve it, by DNS (RFC 3263).
//   shield/       how much one source may ask, and how much a stranger gets over UDP, where addresses can be forged.
//   core/         uas: requests of the network, offered to an application that routed the method; answer: their responses.
//                 uac: requests of applications; success: the dialog that an INVITE begins, and its ACK; settle: what a response ends.
//                 begin-dialog, offers, reliable, session-timer, subscriptions, ringing: one rule book of a dialog each.
//   proxy/        requests sent on at an application's word: branches, the best response, and the later requests of their calls.
//   control/      the applications' connections: frames, handshake, routes; and the web services that say which application gets a request.
//
// A request travels: transport, parser, core/uas, control/client, drachtio-srf. Its response: control/client, core/uas, core/answer,
// transaction, transport. The server answers by itself what applications never see (100, 487, retransmissions, failures of parsing),
// acknowledges failures, repeats a 2xx until its ACK comes, and says 503 in place of an application that does not answer.
//
// It can run in a thread of its own (threaded, thread): then what applications cannot hear by their protocol goes by messages.
//
// Two rules keep it safe. Texts hold one character per octet ("latin1"), so nothing is lost between the network and the application,
// and no octet sequence can make the parser throw. Whatever can grow has a limit (options.ts) and a counter (metrics.ts).
// The order of the two streams to an application matters: the reply to a command comes before whatever the command caused.
import { Clients } from './control/clients.ts';
import { RequestHandlers } from './control/outbound.ts';
import { BySize } from './core/by-size.ts';
import { Core } from './core/core.ts';
import { IncomingRequests } from './core/incoming.ts';
import { OutgoingRequests } from './core/outgoing.ts';
import { Dialogs } from './dialogs.ts';
import { Locator } from './locate/locator.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { settingsOf, type SipServerOptions } from './options.ts';
import { Reporter } from './reporter.ts';
import { Shield } from './shield/shield.ts';
import { Timers } from './timers.ts';
import type { Place, Receiver } from './transport/flow.ts';
import { Gate } from './transport/gate.ts';
import { inWords, type ListeningAddress } from './transport/listen.ts';
import { Transports } from './transport/transports.ts';

export type { Resolver } from './locate/names.ts';
export { defaultLimits, type Limits, type Log, type SipServerOptions } from './options.ts';
export type { Metrics } from './metrics.ts';
export type { Clock, TimerValues } from './timers.ts';
export type { FlowEnd } from './transport/connections.ts';
export type { Place } from './transport/flow.ts';
export type { ListeningAddress } from './transport/listen.ts';
export type { TlsSettings } from './transport/tls.ts';

export class SipServer {
  readonly metrics: Metrics;
  readonly #timers: Timers;
  readonly #transports: Transports;
  readonly #locator: Locator;
  readonly #clients: Clients;
  readonly #handlers: RequestHandlers;
  readonly #gate: Gate;

  /** Fails with a TypeError when an address to listen on is malformed, and with OpenSSL's error when a key or certificate is. */
  constructor(options: SipServerOptions) {
    const settings = settingsOf(options);
    const { limits } = settings;
    const metrics = createMetrics(limits);
    const timers = new Timers(settings.clock, settings.timers);
    const reporter = new Reporter(metrics, timers, settings.log);
    const onDrop = (): void => reporter.report('overload', 'a message came before everything was in place');
    const gate = new Gate({ isOpen: options.hold !== true, limit: limits.pendingRequests, onDrop }, (octets, flow) =>
      core.receive(octets, flow),
    );
    const receive: Receiver = (octets, flow) => gate.take(octets, flow);
    const transports = new Transports({ settings, metrics, timers, reporter, receive });
    const clients = new Clients({ settings, timers, reporter }, metrics, {
      addresses: () => ({
        external: transports.externalAddresses.map(inWords).join(','),
        local: transports.addresses.map(inWords).join(','),
      }),
      sip: (...command) => core.command(...command),
      proxy: (...command) => core.proxy(...command),
      gone: (client) => core.gone(client),
    });
    const locator = new Locator({
      reach: transports,
      resolver: settings.resolver,
      lookup: settings.lookup,
      random: settings.random,
      timers,
      limit: limits.lookups,
      time: limits.lookupTime,
      onRefused: (host) => reporter.report('lookup', host),
    });
    const handlers = new RequestHandlers(settings.requestHandlers, limits);
    const shield = new Shield({ limits, timers, reporter, metrics });
    const core = new Core({
      settings,
      timers,
      metrics,
      transports,
      locator,
      shield,
      clients,
      handlers,
      reporter,
      dialogs: new Dialogs(metrics),
      incoming: new IncomingRequests({ settings, timers, metrics, shield, transports }),
      outgoing: new OutgoingRequests(timers, metrics),
      bySize: new BySize(settings, timers, transports),
    });
    this.metrics = metrics;
    this.#timers = timers;
    this.#transports = transports;
    this.#locator = locator;
    this.#clients = clients;
    this.#handlers = handlers;
    this.#gate = gate;
  }

  /** Opens the port for applications, then the SIP sockets. Fails with the system's error when an address is taken. */
  async start(): Promise<void> {
    try {
      await this.#clients.start();
      await this.#transports.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** With the option `hold`: applications have routed what they take, so SIP is read from now on, what came earlier included. */
  release(): void {
    this.#gate.open();
  }

  /** Closes every socket; what is under way is dropped. */
  async stop(): Promise<void> {
    // In this order, so that the peers hear what the applications can no longer say.
    this.#handlers.stop();
    await this.#clients.stop();
    await this.#transports.stop();
    this.#locator.stop();
    this.#timers.stop();
  }

  /** Where applications connect. */
  get controlPort(): number {
    return this.#clients.port;
  }

  get addresses(): readonly ListeningAddress[] {
    return this.#transports.addresses;
  }

  /** What it has counted until now. */
  async count(): Promise<Metrics> {
    return this.metrics;
  }

  /** Whether a connection with that remote end is open; over UDP there is none. */
  isFlowOpen(flow: Place & { readonly protocol: string }): boolean {
    return this.#transports.isFlowOpen(flow);
  }
}
