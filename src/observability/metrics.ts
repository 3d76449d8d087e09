// Metrics for Prometheus: what is read when asked, and what is counted as it happens.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Core } from '../core/index.ts';

/** A figure of another room, read when the metrics are asked for. */
export interface Reading {
  /** Without the prefix "arion_": "sip_requests_in_total". */
  readonly name: string;
  readonly help: string;
  readonly value: number;
  /** A gauge, if left out. The name of a counter ends in "_total". */
  readonly kind?: 'counter';
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Metrics {
  /** The text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
  /** One answered request: its route and method, the status, and how long it took in seconds. */
  onRequest(route: string, method: string, status: number, seconds: number): void;
  close(): void;
}

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30];

export function createMetrics(core: Core, readings: () => Promise<Iterable<Reading>>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'arion_http_request_seconds',
    help: 'How long requests of the API took.',
    labelNames: ['route', 'method', 'status'] as const,
    buckets: BUCKETS,
    registers,
  });
  const facts = new Map<string, number>();
  const subscription = core.everything.subscribe(({ type }) => void facts.set(type, (facts.get(type) ?? 0) + 1), {
    name: 'metrics',
  });

  // A metric for each name that is read, made when it is first seen.
  const known = new Map<string, Gauge | Counter>();
  const metric = ({ name, help, kind, labels = {} }: Reading): Gauge | Counter => {
    const options = { name: `arion_${name}`, help, labelNames: Object.keys(labels), registers };
    const found = known.get(name) ?? (kind === 'counter' ? new Counter(options) : new Gauge(options));
    known.set(name, found);
    return found;
  };

  return {
    contentType: registry.contentType,
    async text() {
      // Label values come and go (a socket, an application): what is gone must not be reported for ever.
      const read = [...busReadings(core), ...factReadings(facts), ...(await readings())];
      for (const each of known.values()) each.reset();
      for (const reading of read) metric(reading).inc(reading.labels ?? {}, reading.value);
      return registry.metrics();
    },
    onRequest: (route, method, status, seconds) => requests.observe({ route, method, status }, seconds),
    close: () => subscription.unsubscribe(),
  };
}

const factReadings = (facts: ReadonlyMap<string, number>): Reading[] =>
  Array.from(facts, ([type, value]) => ({
    name: 'facts_total',
    kind: 'counter',
    help: 'What has happened, by kind of fact.',
    value,
    labels: { type },
  }));

function busReadings({ bus, channels, endpoints, applications }: Core): Reading[] {
  const { topics, subscriptions, givenUp } = bus.metrics;
  return [
    { name: 'channels', help: 'Channels that exist.', value: channels.cache.size },
    { name: 'endpoints', help: 'Endpoints that exist.', value: endpoints.cache.size },
    { name: 'applications', help: 'Applications that are known.', value: applications.list().length },
    { name: 'bus_topics', help: 'Topics of the message bus.', value: topics.length },
    {
      name: 'bus_forwards',
      help: 'Forwards between topics.',
      value: topics.reduce((sum, { forwards }) => sum + forwards, 0),
    },
    {
      name: 'bus_subscriptions_given_up_total',
      kind: 'counter',
      help: 'Subscriptions that were given up because too much waited in them.',
      value: givenUp,
    },
    ...subscriptions.flatMap(({ name, queue, limit, dropped }) => queueReadings(name, queue, limit, dropped)),
  ];
}

/** The three figures of a queue: every queue is reported by them. */
export const queueReadings = (queue: string, length: number, limit: number, dropped: number): Reading[] => [
  { name: 'queue_length', help: 'What waits in a queue.', value: length, labels: { queue } },
  { name: 'queue_limit', help: 'How much may wait in it.', value: limit, labels: { queue } },
  {
    name: 'queue_dropped_total',
    kind: 'counter',
    help: 'What was refused because it was full.',
    value: dropped,
    labels: { queue },
  },
];
