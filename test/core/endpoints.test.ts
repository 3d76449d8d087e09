// Endpoints come and go: what is told, who still follows, and what becomes of their channels.
import { expect, test } from 'vitest';
import { fakeDriver, listen, testCore } from '../support/core.ts';

const key = { tech: 'PJSIP', resource: 'foo' };

test('one that is removed tells it last, and is in no list, no cache and no subscription any longer', async () => {
  const core = testCore();
  const endpoint = core.endpoints.create(key);
  const everything = listen(core.everything);
  const { application } = core.applications.register('app', () => undefined);
  core.applications.subscribe('app', ['endpoint:PJSIP/foo', 'endpoint:PJSIP']);
  core.endpoints.remove(key);
  core.endpoints.remove(key);
  expect(await everything.heard()).toMatchObject([{ type: 'EndpointChanged', change: { was: { resource: 'foo' } } }]);
  expect(core.endpoints.list()).toEqual([]);
  expect(core.endpoints.cache.size).toBe(0);
  expect(application.ids('endpoint')).toEqual(['PJSIP']);
  endpoint.setReachable(true);
  expect(await everything.heard()).toEqual([]);
});

test('an application that nobody listens for and that followed nothing else goes with it', () => {
  const core = testCore();
  core.endpoints.create(key);
  const registration = core.applications.register('app', () => undefined);
  core.applications.subscribe('app', ['endpoint:PJSIP/foo']);
  registration.close();
  expect(core.applications.list()).toHaveLength(1);
  core.endpoints.remove(key);
  expect(core.applications.list()).toEqual([]);
});

test('its channels go on, and are no part of one of the same name that comes after it', async () => {
  const core = testCore();
  const endpoint = core.endpoints.create(key);
  const channel = core.channels.create({
    ...{ endpoint, name: 'PJSIP/foo', state: 'Up', context: 'default', exten: 's', driver: fakeDriver() },
  });
  core.endpoints.remove(key);
  const next = core.endpoints.create(key);
  const { heard } = listen(next.topic);
  expect(core.channels.find(channel.id)).toBe(channel);
  channel.hangup(16);
  expect(core.channels.list()).toEqual([]);
  expect(next.snapshot.channels).toEqual([]);
  expect(await heard()).toEqual([]);
});
