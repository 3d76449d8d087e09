// What the server counts: plain numbers, read by whoever exports them.

/** Methods that have a counter of their own; all others share "other", so that nobody can grow the table. */
export const standardMethods = [
  'ACK',
  'BYE',
  'CANCEL',
  'INFO',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PRACK',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE',
];

/** Why something was thrown away or cut off. */
export type Drop =
  | 'keepalive' // empty datagrams
  | 'malformed' // could not be answered
  | 'stray-response' // no transaction of ours
  | 'stray-ack'
  | 'overload' // more unanswered requests, transactions or dialogs than allowed; answered 503
  | 'flood' // more messages from one source than allowed, or from all strangers: dropped, or read later
  | 'amplification' // a stranger would have got more octets over UDP than it may
  | 'late-application' // answered 503 since the application did not
  | 'handler' // a web service did not say what becomes of a request; answered 500
  | 'lookup' // more names to look up than allowed
  | 'udp-backlog' // the kernel did not take datagrams fast enough
  | 'tcp-refused' // more connections than allowed, in all or with one address
  | 'tcp-accept' // the system's error
  | 'tcp-handshake' // TLS or the upgrade to WebSocket failed, or took too long
  | 'tls-failed' // a connection of ours: the other side did not prove to be who it should be, say
  | 'tcp-slow-reader'
  | 'tcp-half-open' // no complete message in time
  | 'tcp-idle'
  | 'tcp-unframed' // a stream in which no message can be found
  | 'client-refused' // control connections: too many, a wrong secret, no authentication in time
  | 'client-failed' // the system's error
  | 'client-slow-reader'
  | 'client-unframed';

export interface Metrics {
  readonly requestsIn: Record<string, number>;
  readonly requestsOut: Record<string, number>;
  /** By the hundreds: "2xx". */
  readonly responsesIn: Record<string, number>;
  readonly responsesOut: Record<string, number>;
  parseErrors: number;
  readonly drops: Record<Drop, number>;
  /** Now. */
  readonly gauges: {
    serverTransactions: number;
    /** Of those: requests whose answer the application owes. */
    pendingRequests: number;
    clientTransactions: number;
    dialogs: number;
    /** Addresses that are counted, and those that an application has said yes to. */
    sources: number;
    knownSources: number;
    tcpConnections: number;
    clients: number;
  };
  readonly limits: {
    readonly serverTransactions: number;
    readonly pendingRequests: number;
    readonly clientTransactions: number;
    readonly dialogs: number;
    readonly sources: number;
    readonly knownSources: number;
    readonly tcpConnections: number;
    readonly clients: number;
  };
}

const drops: readonly Drop[] = [
  'keepalive',
  'malformed',
  'stray-response',
  'stray-ack',
  'overload',
  'flood',
  'amplification',
  'late-application',
  'handler',
  'lookup',
  'udp-backlog',
  'tcp-refused',
  'tcp-accept',
  'tcp-handshake',
  'tls-failed',
  'tcp-slow-reader',
  'tcp-half-open',
  'tcp-idle',
  'tcp-unframed',
  'client-refused',
  'client-failed',
  'client-slow-reader',
  'client-unframed',
];

const zeros = <Name extends string>(names: readonly Name[]): Record<Name, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;

const classes = ['1xx', '2xx', '3xx', '4xx', '5xx', '6xx'];

export function createMetrics(limits: Metrics['limits']): Metrics {
  return {
    requestsIn: zeros([...standardMethods, 'other']),
    requestsOut: zeros([...standardMethods, 'other']),
    responsesIn: zeros(classes),
    responsesOut: zeros(classes),
    parseErrors: 0,
    drops: zeros(drops),
    gauges: {
      serverTransactions: 0,
      pendingRequests: 0,
      clientTransactions: 0,
      dialogs: 0,
      sources: 0,
      knownSources: 0,
      tcpConnections: 0,
      clients: 0,
    },
    limits,
  };
}

const counted: ReadonlySet<string> = new Set(standardMethods);

export function countRequest(counters: Record<string, number>, method: string): void {
  counters[counted.has(method) ? method : 'other']! += 1;
}

export function countResponse(counters: Record<string, number>, status: number): void {
  counters[classes[Math.floor(status / 100) - 1]!]! += 1;
}
