// All endpoints, and the technology endpoints above them.
//
// A technology endpoint is implicit: a topic that exists from the first endpoint of the technology until the end. It has
// no state and no channels of its own, stands in no list, and nobody creates or destroys it.
import { Fault, notFound } from '../errors.ts';
import { endpointId, type EndpointKey } from '../ids.ts';
import { Cache, type Bus, type Topic } from '../stasis/index.ts';
import { Endpoint } from './endpoint.ts';
import type { EndpointSnapshot, Fact } from './facts.ts';

export class Endpoints {
  /** What every endpoint tells of itself, without its channels. */
  readonly all: Topic<Fact>;
  readonly cache: Cache<EndpointSnapshot>;
  readonly #bus: Bus;
  readonly #everything: Topic<Fact>;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #technologies = new Map<string, Topic<Fact>>();
  readonly #gone: (endpoint: Endpoint) => void;

  /** `gone` is called for each endpoint that was removed. */
  constructor(bus: Bus, everything: Topic<Fact>, gone: (endpoint: Endpoint) => void) {
    this.#bus = bus;
    this.#everything = everything;
    this.#gone = gone;
    this.all = bus.topic('endpoints');
    this.cache = new Cache('endpoints:cached', bus);
  }

  /** Fails with a Fault 'conflict' if there is one already. */
  create(key: EndpointKey): Endpoint {
    const id = endpointId(key);
    if (this.#endpoints.has(id)) throw new Fault('conflict', `Endpoint ${id} exists already`);
    const topics = {
      own: this.#bus.topic<Fact>(`endpoint:${id}:own`),
      endpoint: this.#bus.topic<Fact>(`endpoint:${id}`),
      technology: this.#technologyTopic(key.tech),
      all: this.all,
    };
    const endpoint = new Endpoint(key, topics, this.cache);
    this.#endpoints.set(id, endpoint);
    return endpoint;
  }

  find(key: EndpointKey): Endpoint | undefined {
    return this.#endpoints.get(endpointId(key));
  }

  /** Fails with a Fault 'not-found'. */
  get(key: EndpointKey): Endpoint {
    const endpoint = this.find(key);
    if (endpoint === undefined) throw notFound('Endpoint');
    return endpoint;
  }

  /** Ends it, and what follows it; its channels, if it has any, go on. */
  remove(key: EndpointKey): void {
    const endpoint = this.find(key);
    if (endpoint === undefined) return;
    this.#endpoints.delete(endpoint.id);
    endpoint.close();
    this.#gone(endpoint);
  }

  /** All, or those of one technology, whose name is compared exactly. */
  list(tech?: string): Endpoint[] {
    const all = [...this.#endpoints.values()];
    return tech === undefined ? all : all.filter(({ key }) => key.tech === tech);
  }

  /** The technology endpoint, if the technology has ever had an endpoint. Its name is compared exactly. */
  technology(tech: string): Topic<Fact> | undefined {
    return this.#technologies.get(tech);
  }

  #technologyTopic(tech: string): Topic<Fact> {
    const existing = this.#technologies.get(tech);
    if (existing !== undefined) return existing;
    const topic = this.#bus.topic<Fact>(`technology:${tech}`);
    topic.forward(this.#everything);
    this.#technologies.set(tech, topic);
    return topic;
  }
}
