// What is asked of a channel: in which order it is done, and what is told of it.
import { expect, test } from 'vitest';
import { createCore, type Core } from '../../src/core/index.ts';
import type { Channel } from '../../src/core/channel.ts';
import type { Fact } from '../../src/core/facts.ts';
import { Fault } from '../../src/errors.ts';
import { inAWord } from '../support/core.ts';
import { ableDriver, type AbleDriver } from '../support/drivers.ts';

const NOW = 1_700_000_000_000;

interface Given {
  readonly core: Core;
  readonly channel: Channel;
  readonly driver: AbleDriver;
  /** What the application was told since: each in a word, with the operation that caused it. */
  heard(): Promise<string[]>;
}

function told(fact: Fact): string {
  if (fact.type !== 'OperationFinished')
    return fact.operation === undefined ? inAWord(fact) : `${inAWord(fact)} by ${fact.operation}`;
  return [fact.operation, fact.name, fact.outcome, ...(fact.reason === undefined ? [] : [fact.reason])].join(' ');
}

/** A channel in an application; its operations are named 1, 2, 3. */
function given(): Given {
  let made = 0;
  const newOperationId = (): string => String(++made);
  const core = createCore({}, { freeze: true, now: () => NOW, newOperationId, operationsLimit: 3 });
  const driver = ableDriver();
  const channel = core.channels.create({ name: 'PJSIP/foo', state: 'Ring', context: 'default', exten: '1', driver });
  const facts: Fact[] = [];
  const { application, subscription } = core.applications.register('app', (message) => {
    if (message.type !== 'SubscriptionChanged') facts.push(message);
  });
  channel.enter(application, []);
  const heard = async (): Promise<string[]> => {
    await subscription.drained();
    return facts.splice(0).map(told);
  };
  return { core, channel, driver, heard };
}

const ring = (channel: Channel) => channel.operate('ring', (operation) => channel.ring(operation));
const answer = (channel: Channel) => channel.operate('answer', (operation) => channel.answer(undefined, operation));

test('an operation begins when the one before is done, and what it causes names it', async () => {
  const { channel, driver, heard } = given();
  const resume = driver.pause();
  ring(channel);
  const { id, done } = answer(channel);
  expect([id, driver.done, channel.waiting]).toEqual(['2', ['ring'], 1]);
  resume();
  await done;
  expect([driver.done, channel.waiting]).toEqual([['ring', 'answer'], 0]);
  expect(await heard()).toEqual([
    'StasisStarted',
    ...['ChannelRung by 1', '1 ring succeeded'],
    ...['ChannelChanged by 2', '2 answer succeeded'],
  ]);
});

test('one that fails says why, and the next has its turn', async () => {
  const { channel, driver, heard } = given();
  const resume = driver.pause();
  const failing = ring(channel);
  const next = answer(channel);
  resume(new Fault('unavailable', 'The wire is cut'));
  await expect(failing.done).rejects.toThrow('The wire is cut');
  await next.done;
  expect((await heard()).slice(1)).toEqual([
    '1 ring failed The wire is cut',
    ...['ChannelChanged by 2', '2 answer succeeded'],
  ]);
});

test('a bug is no reason to be told to applications', async () => {
  const { channel, heard } = given();
  const { done } = channel.operate('ring', () => {
    throw new TypeError('a bug');
  });
  await expect(done).rejects.toThrow('a bug');
  expect(await heard()).toContain('1 ring failed Internal error');
});

test('when the channel ends, what is not done has failed, and the application hears it before it has left', async () => {
  const { channel, driver, heard } = given();
  const resume = driver.pause();
  const both = [ring(channel), answer(channel)];
  channel.hungUp({});
  for (const { done } of both) await expect(done).rejects.toMatchObject({ kind: 'conflict', code: 'channel-ended' });
  resume();
  expect(await heard()).toEqual([
    'StasisStarted',
    'ChannelHangupRequested undefined far',
    '1 ring failed The channel has ended',
    '2 answer failed The channel has ended',
    'StasisEnded',
  ]);
  expect(driver.done).toEqual(['ring']);
  expect(() => ring(channel)).toThrow('The channel has ended');
});

test('hanging up waits for nothing, and its application hears that it is done', async () => {
  const { channel, driver, heard } = given();
  driver.pause();
  ring(channel);
  channel.hangup(17, 'H');
  expect(driver.done).toEqual(['ring', 'hangup 17']);
  expect(await heard()).toEqual([
    'StasisStarted',
    'ChannelHangupRequested 17 soft by H',
    '1 ring failed The channel has ended',
    'StasisEnded by H',
    'H hangup succeeded',
  ]);
});

test('whoever follows the channel hears of the end of its hangup after that of the channel', async () => {
  const { core, channel } = given();
  const facts: Fact[] = [];
  const following = core.channels.all.subscribe((message) => void facts.push(message as Fact));
  channel.hangup(16, 'H');
  await following.drained();
  expect(facts.slice(-2).map(told)).toEqual(['ChannelDestroyed by H', 'H hangup succeeded']);
});

test('one too many is refused, and counted', async () => {
  const { core, channel, driver } = given();
  driver.pause();
  for (const each of [ring, ring, ring, ring]) each(channel);
  expect(core.channels.operations).toEqual({ longest: 3, limit: 3, refused: 0 });
  expect(() => ring(channel)).toThrow(expect.objectContaining({ kind: 'unavailable', code: 'too-many-operations' }));
  expect(core.channels.operations).toEqual({ longest: 3, limit: 3, refused: 1 });
});

test('what waits when the channel leaves its application fails, and that application is told', async () => {
  const { channel, driver, heard } = given();
  const resume = driver.pause();
  ring(channel);
  channel.operate('continueInDialplan', (operation) => channel.leave(operation));
  const late = answer(channel);
  resume();
  await expect(late.done).rejects.toMatchObject({ code: 'channel-not-in-application' });
  expect((await heard()).slice(3)).toEqual([
    'StasisEnded by 2',
    '2 continueInDialplan succeeded',
    '3 answer failed Channel not in Stasis application',
  ]);
  expect(channel.variable('STASISSTATUS')).toBe('SUCCESS');
});

test('what its technology has no way to do fails, and says so', async () => {
  const { core } = given();
  const driver = { drives: () => undefined, answer: async () => {}, ring: async () => {}, stopRinging: async () => {} };
  const channel = core.channels.create({
    ...{ name: 'Plain/x', state: 'Up', context: 'default', exten: '1' },
    driver: { ...driver, hangup: () => undefined },
  });
  channel.requestTransfer({ target: { destination: '100' } });
  for (const operation of [
    () => channel.progress(),
    () => channel.sendDtmf('1', {}),
    () => channel.hold(),
    () => channel.unhold(),
    () => channel.redirect('x'),
    () => channel.transferProgress('channel_answered'),
  ])
    await expect(operation()).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/^Plain has no way to /) as string,
    });
  await channel.mute('in', true);
  expect(channel.muted).toEqual({ in: true, out: false });
});

test('muting what is muted changes nothing, and each direction is its own', async () => {
  const { channel, driver } = given();
  for (const [direction, isMuted] of [
    ['in', true],
    ['in', true],
    ['both', true],
    ['out', false],
    ['both', false],
    ['both', false],
  ] as const)
    await channel.mute(direction, isMuted);
  expect(driver.done).toEqual([
    'muted {"in":true,"out":false}',
    'muted {"in":true,"out":true}',
    'muted {"in":true,"out":false}',
    'muted {"in":false,"out":false}',
  ]);
});

test('a transfer is decided once, and with its last state it is over', async () => {
  const { channel, driver, heard } = given();
  channel.requestTransfer({ target: { destination: '100' } });
  await channel.transferProgress('channel_progress', 'T');
  await channel.transferProgress('channel_answered');
  await expect(channel.transferProgress('channel_answered')).rejects.toMatchObject({ code: 'no-transfer' });
  expect(driver.done).toEqual(['transfer channel_progress', 'transfer channel_answered']);
  expect((await heard()).slice(1)).toEqual(['TransferRequested', 'TransferRequested by T', 'TransferRequested']);
});
