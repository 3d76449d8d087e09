// Channels that outlive their process: kept while they live, and told as ended by the next one.
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCore, type Core } from '../../src/core/index.ts';
import type { Channel } from '../../src/core/channel.ts';
import { run } from '../../src/core/execution.ts';
import { LivingChannels } from '../../src/core/living-channels.ts';
import type { Store, StoreWrite } from '../../src/core/store.ts';
import { fakeDriver, inAWord, listen, testCore } from '../support/core.ts';
import { memoryStore } from '../support/memory-store.ts';

const key = { tech: 'PJSIP', resource: 'foo' };
const ID = '1700000000.0';
const KEY = `channel:${ID}`;

function call(core: Core): Channel {
  const endpoint = core.endpoints.find(key) ?? core.endpoints.create(key);
  const driver = fakeDriver();
  return core.channels.create({ endpoint, name: 'PJSIP/foo', state: 'Ring', context: 'x', exten: '1', driver });
}

/** A process with its core; `told` are the errors that it was told of. */
async function started(store: Store) {
  const told: unknown[] = [];
  const options = { freeze: true, now: () => 1_700_000_000_000, onError: (error: unknown) => void told.push(error) };
  const core = createCore({}, options);
  const living = core.livingChannels;
  await living.load(store);
  onTestFinished(() => living.close());
  return { core, living, told };
}

/** A store whose writes wait until they are let go, or fail. */
function slowStore() {
  const entries = new Map<string, string>();
  const store = memoryStore(entries);
  const batches: (readonly StoreWrite[])[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  return {
    entries,
    batches,
    store: {
      ...store,
      async batch(writes: readonly StoreWrite[]) {
        batches.push(writes);
        await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
        await store.batch(writes);
      },
    },
    /** Lets the write that is under way succeed, or fail, and what follows from it happen. */
    async finish(error?: Error) {
      const { resolve, reject } = waiting.shift()!;
      if (error === undefined) resolve();
      else reject(error);
      await turn();
    },
  };
}

/** Lets mailboxes be emptied and writes be done. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a channel', () => {
  test('is on disk as long as it lives, as it is, with its application', async () => {
    const entries = new Map<string, string>();
    const { core } = await started(memoryStore(entries));
    core.applications.register('hello', () => {});
    const channel = call(core);
    await turn();
    expect(JSON.parse(entries.get(KEY)!)).toEqual({ v: 1, channel: channel.snapshot, endpoint: 'PJSIP/foo' });
    run(channel, { app: 'hello', args: [] }, core);
    await channel.answer();
    await turn();
    expect(channel.snapshot.state).toBe('Up');
    expect(JSON.parse(entries.get(KEY)!)).toMatchObject({ channel: channel.snapshot, application: 'hello' });
    channel.hungUp({});
    await turn();
    expect(entries.size).toBe(0);
  });

  test('that changes while it is written is written once more, and one that comes and goes meanwhile is not', async () => {
    const slow = slowStore();
    const { core, living } = await started(slow.store);
    const channel = call(core);
    await turn();
    for (const state of ['Ringing', 'Up', 'Busy'] as const) channel.setState(state);
    const short = call(core);
    await turn();
    short.hungUp({});
    await turn();
    expect(living.metrics).toMatchObject({ waiting: 3 });
    await slow.finish();
    await slow.finish();
    expect(slow.batches.map((writes) => writes.map((each) => `${each.kind} ${each.key}`))).toEqual([
      [`put ${KEY}`],
      [`put ${KEY}`],
    ]);
    expect(JSON.parse(slow.entries.get(KEY)!)).toMatchObject({ channel: { state: 'Busy' } });
    expect(living.metrics).toMatchObject({ waiting: 0 });
  });

  test('that ends while it is written is deleted, also when the service stops', async () => {
    const slow = slowStore();
    const { core, living } = await started(slow.store);
    const channel = call(core);
    await turn();
    channel.hungUp({});
    const closed = living.close();
    await slow.finish();
    await slow.finish();
    await closed;
    expect([slow.batches.length, slow.entries.size]).toEqual([2, 0]);
  });

  test('that comes when too many wait is not written and counted, and what is written is deleted all the same', async () => {
    const slow = slowStore();
    const core = testCore();
    const living = new LivingChannels({ ...core, limit: 1 });
    await living.load(slow.store);
    const first = call(core);
    await turn();
    call(core);
    call(core);
    first.hungUp({});
    await turn();
    expect(living.metrics).toEqual({ waiting: 3, limit: 1, refused: 1 });
    await slow.finish();
    await slow.finish();
    expect([...slow.entries.keys()]).toEqual(['channel:1700000000.1']);
  });

  test('that could not be written is told of once, and written with the next change', async () => {
    const slow = slowStore();
    const { core, living, told } = await started(slow.store);
    const channel = call(core);
    await turn();
    await slow.finish(new Error('no space'));
    channel.setState('Up');
    await turn();
    await slow.finish(new Error('no space'));
    expect(told).toEqual([new Error('Living channels cannot be written', { cause: new Error('no space') })]);
    channel.setProtocolId('x');
    await turn();
    await slow.finish();
    expect(JSON.parse(slow.entries.get(KEY)!)).toMatchObject({ channel: { protocolId: 'x' } });
    expect(living.metrics.waiting).toBe(0);
  });
});

describe('after a restart', () => {
  /** What a process that had one call in hello has left behind. */
  async function leftBehind(): Promise<Map<string, string>> {
    const entries = new Map<string, string>();
    const { core, living } = await started(memoryStore(entries));
    core.applications.register('hello', () => {});
    run(call(core), { app: 'hello', args: [] }, core);
    await turn();
    await living.close();
    return entries;
  }

  test('what was lost is told as ended, once, to its application and along the tree', async () => {
    const entries = await leftBehind();
    const core = testCore();
    const endpoint = core.endpoints.create(key);
    const { application } = core.applications.register('hello', () => {});
    const technology = core.endpoints.technology('PJSIP')!;
    const listeners = [endpoint.topic, technology, core.channels.all, core.everything].map(listen);
    const hello = listen(application.topic);
    await Promise.all(listeners.map((each) => each.heard()));

    await core.livingChannels.load(memoryStore(entries));
    expect(await hello.heard()).toMatchObject([
      { type: 'StasisEnded', channel: { id: ID, name: 'PJSIP/foo-00000000' }, reason: 'service-restarted' },
    ]);
    for (const listener of listeners) {
      expect(await listener.heard()).toMatchObject([
        { type: 'ChannelChanged', change: { was: { id: ID } }, hangup: { cause: 41 }, reason: 'service-restarted' },
      ]);
    }
    expect([core.channels.list(), entries.size]).toEqual([[], 0]);

    const next = testCore();
    const { heard } = listen(next.everything);
    await next.livingChannels.load(memoryStore(entries));
    expect(await heard()).toEqual([]);
    await Promise.all([core.livingChannels.close(), next.livingChannels.close()]);
  });

  test('who was subscribed to the channel itself hears of its end, and is subscribed no longer', async () => {
    const entries = await leftBehind();
    const core = testCore();
    const { application } = core.applications.register('other', () => {});
    application.subscribe('channel', ID, () => undefined);
    const { heard } = listen(application.topic);
    await core.livingChannels.load(memoryStore(entries));
    expect((await heard()).map(inAWord)).toEqual(['ChannelDestroyed']);
    expect(application.ids('channel')).toEqual([]);
    await core.livingChannels.close();
  });

  test('its end reaches everything when its endpoint is no longer there', async () => {
    const entries = await leftBehind();
    const core = testCore();
    const { heard } = listen(core.everything);
    await core.livingChannels.load(memoryStore(entries));
    expect((await heard()).map(inAWord)).toEqual(['ChannelDestroyed']);
    await core.livingChannels.close();
  });

  test('its record goes only when what was told is safe', async () => {
    const entries = await leftBehind();
    const core = testCore();
    const { heard } = listen(core.everything);
    let settle = (): void => {};
    const loading = core.livingChannels.load(memoryStore(entries), () => new Promise((resolve) => (settle = resolve)));
    await turn();
    expect([(await heard()).map(inAWord), [...entries.keys()]]).toEqual([['ChannelDestroyed'], [KEY]]);
    settle();
    await loading;
    expect(entries.size).toBe(0);
    await core.livingChannels.close();
  });

  test.each(['{', 'null', '{"v":2,"channel":{"id":"1.1"}}', '{"v":1}'])(
    'a record that cannot be read is told of and dropped: %s',
    async (text) => {
      const entries = new Map([['channel:1.1', text]]);
      const { told } = await started(memoryStore(entries));
      expect(told).toEqual([new Error('The record of channel:1.1 cannot be read; it is dropped')]);
      expect(entries.size).toBe(0);
    },
  );
});
