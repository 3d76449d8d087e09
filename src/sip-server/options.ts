// What the server can be told at its start, and what it does when told nothing.
import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { defaultTimerValues, systemClock, type Clock, type TimerValues } from './timers.ts';

export interface Limits {
  /** Octets of one SIP message. */
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
  /** ms until a request other than INVITE is answered 503 because the application did not answer. */
  readonly answerTime: number;
  /** The same for an INVITE to which the application sent nothing, not even a provisional response. */
  readonly inviteTime: number;
  readonly tcpConnections: number;
  /** ms a connection may take for its first message, and for the rest of any message that has begun. */
  readonly tcpHalfOpenTime: number;
  /** ms without an octet in either direction. */
  readonly tcpIdleTime: number;
  /** ms for a connection of ours to come up. */
  readonly tcpConnectTime: number;
  /** Octets that may wait for a slow reader; one who lets more gather is cut off. */
  readonly tcpBacklog: number;
  /** Datagrams that may wait for the kernel. */
  readonly udpBacklog: number;
  /** Connections of applications. */
  readonly clients: number;
  /** Octets of one frame from an application. */
  readonly frameSize: number;
  /** Octets that may wait for a slow application. */
  readonly clientBacklog: number;
  /** ms for an application to authenticate. */
  readonly authenticateTime: number;
}

const defaultLimits: Limits = {
  messageSize: 65_535,
  headers: 256,
  pendingRequests: 20_000,
  serverTransactions: 200_000,
  clientTransactions: 100_000,
  dialogs: 100_000,
  answerTime: 20_000,
  inviteTime: 180_000,
  tcpConnections: 20_000,
  tcpHalfOpenTime: 30_000,
  tcpIdleTime: 7_200_000,
  tcpConnectTime: 10_000,
  tcpBacklog: 1_048_576,
  udpBacklog: 10_000,
  clients: 64,
  frameSize: 1_048_576,
  clientBacklog: 67_108_864,
  authenticateTime: 5_000,
};

export type Log = (level: 'info' | 'warn' | 'error', text: string) => void;

export interface SipServerOptions {
  /** "udp://127.0.0.1:5060", "tcp://[::1]:5060"; port 0 is any free port, no port is 5060. */
  readonly listen: readonly string[];
  /** What an application must say to be let in. */
  readonly secret: string;
  /** Where applications connect: 127.0.0.1 and any free port, unless told otherwise. */
  readonly control?: { readonly host?: string; readonly port?: number };
  /** SIP that arrives waits for `release`. */
  readonly hold?: boolean;
  readonly timers?: TimerValues;
  readonly limits?: Partial<Limits>;
  readonly log?: Log;
  readonly clock?: Clock;
  /** Identifiers, tags and branches are made from it: it must not be guessable. */
  readonly uuid?: () => string;
  /** The addresses of a host name; fails when there are none. */
  readonly lookup?: (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
  readonly interfaces?: typeof networkInterfaces;
  /** Runs its argument after the application, if it shares our event loop, has read what was written before. */
  readonly afterTurn?: (run: () => void) => void;
}

export interface Settings {
  readonly listen: readonly string[];
  readonly secret: string;
  readonly control: { readonly host: string; readonly port: number };
  readonly timers: TimerValues;
  readonly limits: Limits;
  readonly log: Log;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly lookup: NonNullable<SipServerOptions['lookup']>;
  readonly interfaces: typeof networkInterfaces;
  readonly afterTurn: (run: () => void) => void;
}

export function settingsOf(options: SipServerOptions): Settings {
  return {
    listen: options.listen,
    secret: options.secret,
    control: { host: options.control?.host ?? '127.0.0.1', port: options.control?.port ?? 0 },
    timers: options.timers ?? defaultTimerValues,
    limits: { ...defaultLimits, ...options.limits },
    log: options.log ?? (() => undefined),
    clock: options.clock ?? systemClock,
    uuid: options.uuid ?? randomUUID,
    lookup: options.lookup ?? ((host) => lookup(host, { all: true })),
    interfaces: options.interfaces ?? networkInterfaces,
    // One turn is not enough: what was written in it and what is written after it can be read together.
    afterTurn: options.afterTurn ?? ((run) => setImmediate(() => setImmediate(run))),
  };
}
