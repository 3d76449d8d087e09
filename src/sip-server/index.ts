// A SIP server in this process. It speaks the client protocol of drachtio, so that an unmodified drachtio-srf drives it.
//
//   transport/    UDP and TCP: octets in and out. A Flow is one way to one remote place.
//   parser        octets to a message, or to what is wrong with it; message, grammar/: the parts of a message.
//   transaction/  the four machines of RFC 3261 17 with RFC 6026: they know time and retransmission, and nothing of SIP's headers.
//   dialogs       what the requests of a call have in common.
//   core/         uas: requests of the network, offered to an application that routed the method; answer: their responses.
//                 uac: requests of applications; success: the dialog that an INVITE begins, and its ACK.
//   control/      the applications' connections: frames, handshake, routes.
//
// A request travels: transport, parser, core/uas, control/client, drachtio-srf. Its response: control/client, core/uas, core/answer,
// transaction, transport. The server answers by itself what applications never see (100, 487, retransmissions, failures of parsing),
// acknowledges failures, repeats a 2xx until its ACK comes, and says 503 in place of an application that does not answer.
//
// Two rules keep it safe. Texts hold one character per octet ("latin1"), so nothing is lost between the network and the application,
// and no octet sequence can make the parser throw. Whatever can grow has a limit (options.ts) and a counter (metrics.ts).
// The order of the two streams to an application matters: the reply to a command comes before whatever the command caused.
import { Clients } from './control/clients.ts';
import { Core } from './core/core.ts';
import { IncomingRequests } from './core/incoming.ts';
import { OutgoingRequests } from './core/outgoing.ts';
import { Dialogs } from './dialogs.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { settingsOf, type SipServerOptions } from './options.ts';
import { Timers } from './timers.ts';
import { Gate } from './transport/gate.ts';
import { advertised, Transports, type ListeningAddress } from './transport/transports.ts';

export type { Limits, SipServerOptions } from './options.ts';
export type { Metrics } from './metrics.ts';
export type { Clock, TimerValues } from './timers.ts';
export type { ListeningAddress } from './transport/transports.ts';

export class SipServer {
  readonly metrics: Metrics;
  readonly #timers: Timers;
  readonly #transports: Transports;
  readonly #clients: Clients;
  readonly #gate: Gate;

  /** Fails with a TypeError when an address to listen on is malformed. */
  constructor(options: SipServerOptions) {
    const settings = settingsOf(options);
    const { limits } = settings;
    const metrics = createMetrics(limits);
    const timers = new Timers(settings.clock, settings.timers);
    const onDrop = (): void => void (metrics.drops.overload += 1);
    const gate = new Gate({ isOpen: options.hold !== true, limit: limits.pendingRequests, onDrop }, (octets, flow) =>
      core.receive(octets, flow),
    );
    const transports = new Transports(settings, metrics, timers, (octets, flow) => gate.take(octets, flow));
    const clients = new Clients(
      { settings, metrics, timers },
      {
        addresses: () => transports.addresses.map(advertised).join(','),
        sip: (...command) => core.command(...command),
        gone: (client) => core.gone(client),
      },
    );
    const core = new Core({
      settings,
      timers,
      metrics,
      transports,
      clients,
      dialogs: new Dialogs(metrics),
      incoming: new IncomingRequests(settings, timers, metrics),
      outgoing: new OutgoingRequests(timers, metrics),
    });
    this.metrics = metrics;
    this.#timers = timers;
    this.#transports = transports;
    this.#clients = clients;
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
    await this.#clients.stop();
    await this.#transports.stop();
    this.#timers.stop();
  }

  /** Where applications connect. */
  get controlPort(): number {
    return this.#clients.port;
  }

  get addresses(): readonly ListeningAddress[] {
    return this.#transports.addresses;
  }
}
