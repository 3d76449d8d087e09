// What an application can subscribe to: "channel:<id or name>", "endpoint:PJSIP/foo", "endpoint:PJSIP", "bridge:<id>",
// "deviceState:<name>", "message:<id>", and with nothing behind the colon all objects of that kind.
import { Fault } from '../errors.ts';
import { parseEndpointId } from '../ids.ts';
import type { Closable, Topic } from '../stasis/index.ts';
import type { SourceKind } from './application.ts';
import type { Bridge } from './bridge.ts';
import type { Bridges } from './bridges.ts';
import type { Channel } from './channel.ts';
import type { Channels } from './channels.ts';
import type { DeviceStates } from './device-states.ts';
import type { Endpoint } from './endpoint.ts';
import type { Endpoints } from './endpoints.ts';
import type { Fact } from './facts.ts';
import type { Messages } from './messages.ts';

/** The ids under which ARI shows a subscription to all objects of a kind. */
export const EVERY: Readonly<Record<SourceKind, string>> = {
  channel: '__AST_CHANNEL_ALL_TOPIC',
  bridge: '__AST_BRIDGE_ALL_TOPIC',
  endpoint: '__AST_ENDPOINT_ALL_TOPIC',
  deviceState: '__AST_DEVICE_STATE_ALL_TOPIC',
  // Those who follow all endpoints hear of all messages: there is nothing of the kind to subscribe to.
  message: '__ARION_MESSAGE_ALL_TOPIC',
};

/** What is asked of the messages. */
export type FollowedMessages = Pick<Messages, 'isOpen' | 'follow'>;

export interface Source {
  readonly kind: SourceKind;
  /** The object; empty for all of the kind. */
  readonly id: string;
  readonly exists: boolean;
  /** As the client wrote it. */
  readonly text: string;
  /** Sends its topic to another; nothing where that kind of object has no topic. */
  follow(to: Topic<Fact>): Closable | undefined;
}

export interface SourcesParts {
  readonly channels: Channels;
  readonly bridges: Bridges;
  readonly endpoints: Endpoints;
  readonly deviceStates: DeviceStates;
  readonly messages: FollowedMessages;
}

export class Sources {
  readonly #channels: Channels;
  readonly #bridges: Bridges;
  readonly #endpoints: Endpoints;
  readonly #deviceStates: DeviceStates;
  readonly #messages: FollowedMessages;

  constructor({ channels, bridges, endpoints, deviceStates, messages }: SourcesParts) {
    this.#channels = channels;
    this.#bridges = bridges;
    this.#endpoints = endpoints;
    this.#deviceStates = deviceStates;
    this.#messages = messages;
  }

  /** Fails with a Fault 'invalid' when the scheme is unknown. */
  parse(text: string): Source {
    const colon = text.indexOf(':');
    const scheme = text.slice(0, colon);
    const id = text.slice(colon + 1);
    if (colon > 0 && scheme === 'channel') return this.#channel(id, text);
    if (colon > 0 && scheme === 'endpoint') return this.#endpoint(id, text);
    if (colon > 0 && scheme === 'bridge') return this.#bridge(id, text);
    if (colon > 0 && scheme === 'deviceState') return this.#device(id, text);
    if (colon > 0 && scheme === 'message') return this.#message(id, text);
    throw new Fault('invalid', `Invalid event source: ${text}`, { code: 'invalid-event-source' });
  }

  /** Every kind, all of it: what `subscribeAll` makes. */
  all(): Source[] {
    return [this.#channel('', ''), this.#endpoint('', ''), this.#bridge('', ''), this.#device('', '')];
  }

  /** The channel that "channel:<id>" names, by its unique id alone. */
  findChannel(source: Source): Channel | undefined {
    return source.kind === 'channel' ? this.#channels.find(source.text.slice('channel:'.length)) : undefined;
  }

  findBridge(source: Source): Bridge | undefined {
    return source.kind === 'bridge' ? this.#ofApplication(source.id) : undefined;
  }

  /** The endpoint that "endpoint:TECH/resource" names; a technology is none. */
  findEndpoint(source: Source): Endpoint | undefined {
    const key = source.kind === 'endpoint' ? parseEndpointId(source.id) : undefined;
    return key && this.#endpoints.find(key);
  }

  #channel(text: string, original: string): Source {
    const channel = text === '' ? undefined : this.#channels.findByIdOrName(text);
    const topic = text === '' ? this.#channels.all : channel?.topic;
    return {
      kind: 'channel',
      id: channel?.id ?? text,
      exists: topic !== undefined,
      text: original,
      follow: (to) => topic?.forward(to),
    };
  }

  #endpoint(id: string, text: string): Source {
    const key = parseEndpointId(id);
    const topic =
      id === ''
        ? this.#endpoints.all
        : key !== undefined
          ? this.#endpoints.find(key)?.topic
          : this.#endpoints.technology(id);
    return { kind: 'endpoint', id, exists: topic !== undefined, text, follow: (to) => topic?.forward(to) };
  }

  /** One that was made by an application, as in ARI; to follow all bridges is to follow those of the routing, too. */
  #bridge(id: string, text: string): Source {
    const topic = id === '' ? this.#bridges.all : this.#ofApplication(id)?.topic;
    return { kind: 'bridge', id, exists: topic !== undefined, text, follow: (to) => topic?.forward(to) };
  }

  #ofApplication(id: string): Bridge | undefined {
    const bridge = this.#bridges.find(id);
    return bridge?.snapshot.bridgeClass === 'stasis' ? bridge : undefined;
  }

  /** One that has not ended. */
  #message(id: string, text: string): Source {
    const exists = this.#messages.isOpen(id);
    return { kind: 'message', id, exists, text, follow: (to) => this.#messages.follow(id, to) };
  }

  /** Every name is one of a device that may come. */
  #device(id: string, text: string): Source {
    const follow: Source['follow'] = (to) =>
      id === '' ? this.#deviceStates.all.forward(to) : this.#deviceStates.follow(id, to);
    return { kind: 'deviceState', id, exists: true, text, follow };
  }
}
