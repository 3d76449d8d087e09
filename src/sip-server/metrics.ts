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
  | 'late-application' // answered 503 since the application did not
  | 'udp-backlog' // the kernel did not take datagrams fast enough
  | 'tcp-refused' // more connections than allowed
  | 'tcp-slow-reader'
  | 'tcp-half-open' // no complete message in time
  | 'tcp-idle'
  | 'tcp-unframed' // a stream in which no message can be found
  | 'client-refused' // control connections: too many, a wrong secret, no authentication in time
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
    tcpConnections: number;
    clients: number;
  };
  readonly limits: {
    readonly serverTransactions: number;
    readonly pendingRequests: number;
    readonly clientTransactions: number;
    readonly dialogs: number;
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
  'late-application',
  'udp-backlog',
  'tcp-refused',
  'tcp-slow-reader',
  'tcp-half-open',
  'tcp-idle',
  'tcp-unframed',
  'client-refused',
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
      tcpConnections: 0,
      clients: 0,
    },
    limits,
  };
}

export function countRequest(counters: Record<string, number>, method: string): void {
  counters[standardMethods.includes(method) ? method : 'other']! += 1;
}

export function countResponse(counters: Record<string, number>, status: number): void {
  counters[`${Math.floor(status / 100)}xx`]! += 1;
}
