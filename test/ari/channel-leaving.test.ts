// How a call leaves its application by REST: on through the routing, or into another application.
import { expect, test } from 'vitest';
import type { Fact } from '../../src/core/facts.ts';
import { api, until, type Api } from './api.ts';
import { call } from './call.ts';

/** What an application is told of operations, and of what they cause. */
function heard(given: Api, name = 'app') {
  const facts: Fact[] = [];
  const { topic } = given.core.applications.get(name);
  const subscription = topic.subscribe(
    (message) => void (message.type !== 'SubscriptionChanged' && facts.push(message)),
  );
  return async (): Promise<[string, string | undefined][]> => {
    await subscription.drained();
    return facts.splice(0).map((fact) => [fact.type, fact.operation]);
  };
}

test('continue leaves the application, and where nothing is routed the call ends normally', async () => {
  const given = api();
  const { channel, driver, path } = call(given, 'Up');
  const told = heard(given);
  const { headers } = await given.ask('POST', `${path}/continue`);
  await until(() => channel.isEnded);
  const id = headers['operation-id'] as string;
  expect(driver.done).toEqual(['hangup 16']);
  expect(await told()).toEqual([
    ['StasisEnded', id],
    ['OperationFinished', id],
  ]);
});

test.each([
  ['context=stasis-other', 's'],
  ['context=stasis-other&extension=200', '200'],
  ['context=stasis-other&extension=200&label=1', '200'],
])('continue with "%s" goes there', async (query, exten) => {
  const given = api();
  const { channel, path } = call(given, 'Up');
  given.core.applications.register('other', () => undefined);
  expect((await given.ask('POST', `${path}/continue?${query}`)).status).toBe(204);
  await until(() => channel.application === 'other');
  expect(channel.snapshot.dialplan).toEqual({
    ...{ context: 'stasis-other', exten, priority: 1 },
    ...{ appName: 'Stasis', appData: 'other' },
  });
});

test.each(['context=stasis-other&priority=2', 'context=nowhere', 'extension=2'])(
  'continue with "%s" leads nowhere, and the call ends',
  async (query) => {
    const given = api();
    const { channel, driver, path } = call(given, 'Up');
    given.core.applications.register('other', () => undefined);
    await given.ask('POST', `${path}/continue?${query}`);
    await until(() => channel.isEnded);
    expect(driver.done).toEqual(['hangup 16']);
  },
);

test('move ends in one application and begins in the other, with its arguments', async () => {
  const given = api();
  const { channel, path } = call(given, 'Ringing');
  const told = heard(given);
  given.core.applications.register('other', () => undefined);
  const toldOther = heard(given, 'other');
  const { status, headers } = await given.ask('POST', `${path}/move?app=other&appArgs=a,b`);
  const id = headers['operation-id'] as string;
  await until(() => channel.application === 'other');
  expect(status).toBe(204);
  expect(await told()).toEqual([
    ['StasisEnded', id],
    ['OperationFinished', id],
  ]);
  expect(await toldOther()).toEqual([
    ['StasisStarted', id],
    ['OperationFinished', id],
  ]);
});

test('a call that cannot be moved stays, and its application is told', async () => {
  const given = api();
  const { channel, path } = call(given);
  const told = heard(given);
  const { status } = await given.ask('POST', `${path}/move?app=nobody`);
  expect([status, channel.application]).toEqual([204, 'app']);
  await until(() => channel.waiting === 0);
  expect((await told()).map(([type]) => type)).toEqual(['ApplicationMoveFailed', 'OperationFinished']);
});
