// A core with calls to be bridged, for tests.
import type { Channel } from '../../src/core/channel.ts';
import { createCore, type CoreOptions } from '../../src/core/index.ts';
import type { ChannelState, Fact, Party } from '../../src/core/facts.ts';
import type { Contexts } from '../../src/core/routing.ts';
import type { MediaLeg } from '../../src/core/media.ts';
import { directMedia } from '../../src/engines/embedded/direct-media.ts';
import { fakeDriver, inAWord } from '../support/core.ts';
import { FakeLeg } from '../support/fake-leg.ts';

export interface Call {
  readonly channel: Channel;
  readonly leg: FakeLeg;
  /** What its driver was told. */
  readonly done: string[];
}

export interface NewCall {
  readonly leg?: FakeLeg;
  readonly state?: ChannelState;
  readonly number?: string;
  /** Left out, it is in none. */
  readonly application?: string;
  readonly hasMedia?: boolean;
}

export function room(options: Pick<CoreOptions, 'bridges' | 'media'> = {}, contexts: Contexts = {}) {
  const errors: unknown[] = [];
  const core = createCore(contexts, {
    freeze: true,
    now: () => 1_700_000_000_000,
    onError: (error) => errors.push(error),
    media: directMedia(),
    ...options,
  });

  const call = (
    name: string,
    { leg = new FakeLeg(name), state = 'Up', number = name, ...rest }: NewCall = {},
  ): Call => {
    const told = fakeDriver();
    const driver = {
      ...told,
      ...((rest.hasMedia ?? true) && { media: leg as MediaLeg }),
      setConnected: async (party: Party) => void told.done.push(`connected ${party.number}`),
    };
    const caller = { name: '', number };
    const channel = core.channels.create({
      name: `PJSIP/${name}`,
      state,
      caller,
      context: 'default',
      exten: '1',
      driver,
    });
    channel.setProtocolId(`call-${name}`);
    if (rest.application !== undefined) channel.enter(core.applications.get(rest.application), []);
    return { channel, leg, done: told.done };
  };

  /** An application with someone who listens; what it has heard, in words. */
  const application = (name: string, isTold: (fact: Fact) => boolean = () => true) => {
    const facts: Fact[] = [];
    const { subscription } = core.applications.register(name, (message) => {
      if (message.type !== 'SubscriptionChanged' && isTold(message)) facts.push(message);
    });
    return {
      async heard(): Promise<string[]> {
        await subscription.drained();
        return facts.splice(0).map(inWords);
      },
    };
  };

  return { core, errors, call, application, bridges: core.bridges };
}

const nameOf = (channel: { readonly name: string }): string => channel.name.replace(/^PJSIP\/(.*)-\w+$/, '$1');

/** A fact of bridges in words, with the technology that it shows, and who is in. */
export function inWords(fact: Fact): string {
  switch (fact.type) {
    case 'BridgeChanged': {
      const { was, now } = fact.change;
      if (was === undefined) return `BridgeCreated ${now.id}`;
      return now === undefined ? `BridgeDestroyed ${was.id}` : `BridgeChanged ${now.technology} ${now.channels.length}`;
    }
    case 'ChannelEnteredBridge':
    case 'ChannelLeftBridge':
      return `${fact.type} ${nameOf(fact.channel)}: ${fact.bridge.technology} ${fact.bridge.channels.length}`;
    case 'ChannelVariableSet':
      return `${nameOf(fact.channel)} ${fact.variable}=${fact.value}`;
    case 'BridgesMerged':
      return `BridgesMerged ${fact.from.id} into ${fact.bridge.id}`;
    case 'ChannelChanged': {
      const { was, now } = fact.change;
      if (was !== undefined && now !== undefined && was.connected !== now.connected)
        return `${nameOf(now)} is connected to ${now.connected.number}`;
      return inAWord(fact);
    }
    default:
      return inAWord(fact);
  }
}
