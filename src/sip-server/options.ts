// What the server can be told at its start, and what it does when told nothing.
import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { Lookup, Resolver } from './locate/names.ts';
import { systemResolver } from './locate/system-resolver.ts';
import type { FlowEnd } from './transport/connections.ts';
import type { TlsSettings } from './transport/tls.ts';
import { defaultTimerValues, systemClock, type Clock, type TimerValues } from './timers.ts';

export interface Limits {
  /** Octets of one SIP message: a body of 64 KiB, and its headers. */
  readonly messageSize: number;
  /** Header lines of one SIP message. */
  readonly headers: number;
  /** Requests that wait for the application's answer; more are answered 503. */
  readonly pendingRequests: number;
  /** Server transactions, the answered ones included; more requests are answered 503. */
  readonly serverTransactions: number;
  /** Requests of ours that are not over; more are refused. */
  readonly clientTransactions: number;
  readonly dialogs: number;
  /** Messages a second from one address that no application has said yes to (an IPv6 one: from its /64). */
  readonly requestsPerSource: number;
  /** So many of them at once. */
  readonly requestBurst: number;
  /** Messages a second from all such addresses together. */
  readonly requestsOfStrangers: number;
  /** Messages a second from one address and port that an application has said yes to. */
  readonly requestsPerKnownSource: number;
  /** Requests of one such address that wait for the application's answer; more are answered 503. */
  readonly pendingPerSource: number;
  readonly pendingPerKnownSource: number;
  /** Addresses that are counted; beyond it those that were silent longest are forgotten. */
  readonly sources: number;
  readonly knownSources: number;
  /** ms for which an application's yes is remembered. */
  readonly knownTime: number;
  /** ms that the 100 to an INVITE waits over UDP, unless its sender has shown that it hears us; 0: it does not wait. */
  readonly holdTrying: number;
  /** Names that are looked up at once; a request to one more fails. */
  readonly lookups: number;
  /** ms to find the places that a name stands for. */
  readonly lookupTime: number;
  /** ms until a request other than INVITE is answered 503 because the application did not answer. */
  readonly answerTime: number;
  /** The same for an INVITE to which the application sent nothing, not even a provisional response. */
  readonly inviteTime: number;
  /** ms without a word from the application since its last provisional response to an INVITE; then it is answered 503. */
  readonly ringingTime: number;
  /**
   * Octets up to which a request goes by UDP when its URI leaves the choice (RFC 3261 18.1.1), and a MESSAGE outside of
   * dialogs at all (RFC 3428 8).
   */
  readonly udpRequestSize: number;
  /** ms for a connection that only the size of a request asks for; then it goes by UDP after all. */
  readonly sizeConnectTime: number;
  /** Connections of telephones and servers, TLS and WebSocket included. */
  readonly tcpConnections: number;
  /** With one address. */
  readonly tcpConnectionsPerAddress: number;
  /** ms for TLS and the upgrade to WebSocket together. */
  readonly tcpHandshakeTime: number;
  /** ms a connection may take for its first message, and for the rest of any message that has begun. */
  readonly tcpHalfOpenTime: number;
  /** ms without an octet in either direction. */
  readonly tcpIdleTime: number;
  /** ms of silence after which we show a connection, and whatever NAT is on its way, that it is in use (RFC 5626 4.4.1). */
  readonly tcpKeepAliveTime: number;
  /** ms for a connection of ours to come up. */
  readonly tcpConnectTime: number;
  /** Octets that may wait for a slow reader; one who lets more gather is cut off. */
  readonly tcpBacklog: number;
  /** Datagrams that may wait for the kernel. */
  readonly udpBacklog: number;
  /** Connections of applications. */
  readonly clients: number;
  /** Connections of ours to applications that listen. */
  readonly outboundClients: number;
  /** ms for a web service to say which application gets a request. */
  readonly handlerTime: number;
  /** Requests about which a web service is asked at once; one more is answered 503. */
  readonly handlerRequests: number;
  /** Octets of one frame from an application. */
  readonly frameSize: number;
  /** Octets that may wait for a slow application. */
  readonly clientBacklog: number;
  /** ms for an application to authenticate. */
  readonly authenticateTime: number;
}

export const defaultLimits: Limits = {
  messageSize: 81_920,
  headers: 256,
  pendingRequests: 20_000,
  serverTransactions: 400_000,
  clientTransactions: 100_000,
  dialogs: 100_000,
  requestsPerSource: 100,
  requestBurst: 50,
  requestsOfStrangers: 2_000,
  requestsPerKnownSource: 10_000,
  pendingPerSource: 200,
  pendingPerKnownSource: 10_000,
  sources: 50_000,
  knownSources: 150_000,
  knownTime: 7_200_000,
  holdTrying: 200,
  lookups: 1_000,
  lookupTime: 8_000,
  answerTime: 20_000,
  inviteTime: 180_000,
  ringingTime: 900_000,
  udpRequestSize: 1_300,
  sizeConnectTime: 2_000,
  tcpConnections: 20_000,
  tcpConnectionsPerAddress: 1_000,
  tcpHandshakeTime: 10_000,
  tcpHalfOpenTime: 30_000,
  tcpIdleTime: 7_200_000,
  tcpKeepAliveTime: 90_000,
  tcpConnectTime: 10_000,
  tcpBacklog: 1_048_576,
  udpBacklog: 10_000,
  clients: 64,
  outboundClients: 5_000,
  handlerTime: 5_000,
  handlerRequests: 1_000,
  frameSize: 1_048_576,
  clientBacklog: 67_108_864,
  authenticateTime: 5_000,
};

export type Log = (level: 'info' | 'warn' | 'error', text: string) => void;

export interface SipServerOptions {
  /**
   * "udp://127.0.0.1:5060", "tcp://[::1]:5060", "tls://192.0.2.1:5061", "ws://0.0.0.0:80/sip", "wss://0.0.0.0:443". Port 0 is any free port,
   * no port the usual one; a WebSocket without a path is served at any.
   */
  readonly listen: readonly string[];
  /** What an application must say to be let in. */
  readonly secret: string;
  /** Where applications connect: 127.0.0.1 and any free port, unless told otherwise; by TLS if it has a certificate. */
  readonly control?: { readonly host?: string; readonly port?: number; readonly tls?: TlsSettings };
  /**
   * Web services that say which application gets a request, by its method, "*" for any other: "https://host/path"; or the application
   * itself: "tcp://host:port", "tls://host:port". Such methods need no route.
   */
  readonly requestHandlers?: Readonly<Record<string, string>>;
  /** Needed for tls and wss, and shown to servers that ask who we are. */
  readonly tls?: TlsSettings;
  /** The IP address at which others see us, if a NAT or the like stands between: it goes into Via and Contact. */
  readonly externalAddress?: string;
  /** "10.0.0.0/8": where we are seen as we are, in spite of `externalAddress`. */
  readonly localNetworks?: readonly string[];
  /** There is a connection, whoever opened it, to where there was none. */
  readonly onFlowOpened?: (flow: FlowEnd) => void;
  /** The last connection to there has ended; not told when the server stops. */
  readonly onFlowClosed?: (flow: FlowEnd) => void;
  /** SIP that arrives waits for `release`. */
  readonly hold?: boolean;
  readonly timers?: TimerValues;
  readonly limits?: Partial<Limits>;
  readonly log?: Log;
  readonly clock?: Clock;
  /** Identifiers, tags and branches are made from it: it must not be guessable. */
  readonly uuid?: () => string;
  /** Asks DNS: the name servers of the system, unless told otherwise. */
  readonly resolver?: Resolver;
  /** The addresses of a host name that DNS does not know; fails when there are none. */
  readonly lookup?: Lookup;
  /** From 0 up to, but not including, 1: chooses among servers of equal priority. */
  readonly random?: () => number;
  readonly interfaces?: typeof networkInterfaces;
  /** Runs its argument after the application, if it shares our event loop, has read what was written before. */
  readonly afterTurn?: (run: () => void) => void;
}

export interface Settings {
  readonly listen: readonly string[];
  readonly secret: string;
  readonly control: { readonly host: string; readonly port: number; readonly tls: TlsSettings | undefined };
  readonly requestHandlers: Readonly<Record<string, string>>;
  readonly tls: TlsSettings | undefined;
  readonly externalAddress: string | undefined;
  readonly localNetworks: readonly string[];
  readonly onFlowOpened: (flow: FlowEnd) => void;
  readonly onFlowClosed: (flow: FlowEnd) => void;
  readonly timers: TimerValues;
  readonly limits: Limits;
  readonly log: Log;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly resolver: Resolver;
  readonly lookup: Lookup;
  readonly random: () => number;
  readonly interfaces: typeof networkInterfaces;
  readonly afterTurn: (run: () => void) => void;
}

export function settingsOf(options: SipServerOptions): Settings {
  return {
    listen: options.listen,
    secret: options.secret,
    control: {
      host: options.control?.host ?? '127.0.0.1',
      port: options.control?.port ?? 0,
      tls: options.control?.tls,
    },
    requestHandlers: options.requestHandlers ?? {},
    tls: options.tls,
    externalAddress: options.externalAddress,
    localNetworks: options.localNetworks ?? [],
    onFlowOpened: options.onFlowOpened ?? (() => undefined),
    onFlowClosed: options.onFlowClosed ?? (() => undefined),
    timers: options.timers ?? defaultTimerValues,
    limits: { ...defaultLimits, ...options.limits },
    log: options.log ?? (() => undefined),
    clock: options.clock ?? systemClock,
    uuid: options.uuid ?? randomUUID,
    resolver: options.resolver ?? systemResolver(() => (options.clock ?? systemClock).now()),
    random: options.random ?? Math.random,
    lookup: options.lookup ?? ((host) => lookup(host, { all: true })),
    interfaces: options.interfaces ?? networkInterfaces,
    // One turn is not enough: what was written in it and what is written after it can be read together.
    afterTurn: options.afterTurn ?? ((run) => setImmediate(() => setImmediate(run))),
  };
}
