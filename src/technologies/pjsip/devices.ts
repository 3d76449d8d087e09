// The device states of our endpoints, as chan_pjsip tells them: by their channels, else by whether they can be reached.
import { aggregate, deviceStateOf } from '../../core/device-aggregate.ts';
import type { DeviceState } from '../../core/device-states.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { EndpointSnapshot, Fact } from '../../core/facts.ts';
import type { Core } from '../../core/index.ts';
import { routeSome, type Message, type Subscription } from '../../stasis/index.ts';
import type { PjsipObjects } from './objects/index.ts';

export interface DevicesParts {
  readonly core: Pick<Core, 'channels' | 'deviceStates' | 'endpoints' | 'everything'>;
  readonly objects: Pick<PjsipObjects, 'endpoints'>;
}

const whenFree: Readonly<Record<EndpointSnapshot['state'], DeviceState>> = {
  offline: 'UNAVAILABLE',
  online: 'NOT_INUSE',
  unknown: 'UNKNOWN',
};

/**
 * Hears of endpoints and channels as every subscriber does, so a device state is told behind what changed it. A call that
 * came in does not count until it was rung or answered: chan_pjsip, too, looks at a device only then.
 */
export class Devices {
  readonly #parts: DevicesParts;
  #subscription: Subscription<Fact> | undefined;

  constructor(parts: DevicesParts) {
    this.#parts = parts;
  }

  open(): void {
    const { types, handle } = routeSome<Fact>({
      ChannelChanged: ({ change: { was, now } }) => {
        if (was !== undefined && now !== undefined && was.state !== now.state) this.#ofChannel(now.id);
      },
      ChannelRung: ({ channel }) => this.#ofChannel(channel.id),
      EndpointChanged: ({ change: { was, now } }) => {
        const hasNewChannel = was !== undefined && now !== undefined && now.channels.length > was.channels.length;
        if (!hasNewChannel) this.#tell(now ?? was);
      },
    });
    const hear = (message: Message<Fact>): void => void handle(message);
    // What was not heard shows in the states as they are now.
    const options = { name: 'pjsip:devices', types, onOverflow: () => this.open() };
    this.#subscription = this.#parts.core.everything.subscribe(hear, options);
    for (const { snapshot } of this.#parts.core.endpoints.list('PJSIP')) this.#tell(snapshot);
  }

  /** The endpoint's configuration may have changed. */
  changed(resource: string): void {
    const endpoint = this.#parts.core.endpoints.find({ tech: 'PJSIP', resource });
    if (endpoint !== undefined) this.#tell(endpoint.snapshot);
  }

  close(): void {
    this.#subscription?.unsubscribe();
  }

  #ofChannel(id: string): void {
    const endpoint = this.#parts.core.channels.find(id)?.endpoint;
    if (endpoint !== undefined) this.#tell(endpoint.snapshot);
  }

  #tell({ id, tech, resource }: EndpointSnapshot): void {
    if (tech !== 'PJSIP') return;
    const { endpoints, deviceStates } = this.#parts.core;
    const endpoint = endpoints.find({ tech, resource });
    if (endpoint === undefined) deviceStates.forget(id);
    else deviceStates.set(id, this.#stateOf(endpoint));
  }

  /** By how many channels are in which state: to look at each of them would cost more with every call. */
  #stateOf({ snapshot: { resource, state }, channelStates: states }: Endpoint): DeviceState {
    if (states.size === 0) return whenFree[state];
    const busyAt = this.#parts.objects.endpoints.get(resource)?.device_state_busy_at ?? 0;
    let inUse = 0;
    for (const [each, count] of states) if (each !== 'Down' && each !== 'Rsrvd') inUse += count;
    return busyAt > 0 && inUse >= busyAt ? 'BUSY' : aggregate([...states.keys()].map((each) => deviceStateOf[each]));
  }
}
