// What is told of messages: on the topic of their endpoint, and of a message that someone follows by itself on one of its own.
import { parseEndpointId } from '../ids.ts';
import type { Bus, Closable, Topic } from '../stasis/index.ts';
import type { Endpoint } from './endpoint.ts';
import type { Endpoints } from './endpoints.ts';
import type { Fact } from './facts.ts';
import type { MessageSnapshot } from './message.ts';

export class MessageTopics {
  readonly #bus: Bus;
  readonly #endpoints: Pick<Endpoints, 'find'>;
  /** Of messages whose endpoint is not there. */
  readonly #strays: Topic<Fact>;
  readonly #followed = new Map<string, Topic<Fact>>();

  constructor(bus: Bus, everything: Topic<Fact>, endpoints: Pick<Endpoints, 'find'>) {
    this.#bus = bus;
    this.#endpoints = endpoints;
    this.#strays = bus.topic('messages');
    this.#strays.forward(everything);
  }

  /** Whoever follows the message and its endpoint hears it once. */
  tell(message: MessageSnapshot): void {
    const endpoint = this.#endpointOf(message);
    const topic = this.#followed.get(message.id) ?? endpoint?.topicOfItself ?? this.#strays;
    if (endpoint === undefined) topic.publish({ type: 'MessageChanged', message });
    else topic.publish({ type: 'MessageChanged', message, endpoint: endpoint.snapshot });
  }

  /** Sends what happens to one message to another topic. */
  follow(message: Pick<MessageSnapshot, 'id' | 'endpoint'>, to: Topic<Fact>): Closable {
    const topic = this.#followed.get(message.id) ?? this.#make(message);
    return topic.forward(to);
  }

  isFollowed(id: string): boolean {
    return this.#followed.has(id);
  }

  /** Nothing more will happen to it. */
  end(id: string): void {
    this.#followed.get(id)?.close();
    this.#followed.delete(id);
  }

  #make(message: Pick<MessageSnapshot, 'id' | 'endpoint'>): Topic<Fact> {
    const topic = this.#bus.topic<Fact>(`message:${message.id}`);
    topic.forward(this.#endpointOf(message)?.topicOfItself ?? this.#strays);
    this.#followed.set(message.id, topic);
    return topic;
  }

  #endpointOf({ endpoint }: Pick<MessageSnapshot, 'endpoint'>): Endpoint | undefined {
    const key = parseEndpointId(endpoint);
    return key && this.#endpoints.find(key);
  }
}
