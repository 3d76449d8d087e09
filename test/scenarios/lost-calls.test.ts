// What becomes of calls when the service ends: by itself, and without having had the time to end them.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../src/engines/embedded/store.ts';
import { startService, type Service } from '../support/service.ts';

async function directory(): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'arion-lost-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  return data;
}

/** A call in the application hello, answered, whose record is on disk. */
async function talking(service: Service): Promise<void> {
  const hello = await service.application('hello');
  const call = (await service.telephone('foo')).call({ to: '1001' });
  const { channel } = (await hello.next('StasisStart')) as unknown as { channel: { id: string } };
  await service.rest('POST', `/channels/${channel.id}/answer`);
  expect((await call.answered).status).toBe(200);
  const { livingChannels } = service.app.core;
  while (livingChannels.metrics.waiting > 0) await new Promise(setImmediate);
}

/** How many changes of channels were told since the start. */
async function changes({ base }: Service): Promise<number> {
  const metrics = await (await fetch(base.replace('/ari', '/metrics'))).text();
  return Number(/arion_facts_total\{type="ChannelChanged"\} (\d+)/.exec(metrics)?.[1] ?? 0);
}

async function records(data: string): Promise<string[]> {
  const store = await openStore(data);
  const found: string[] = [];
  for await (const [, text] of store.range('channel:')) found.push(text);
  await store.close();
  return found;
}

test('a call that was open when the service died is told as ended by the next one, once', async () => {
  const [data, asItDied] = [await directory(), await directory()];
  const before = await startService({ data });
  await talking(before);
  await cp(data, asItDied, { recursive: true });
  await before.stop();

  const after = await startService({ data: asItDied });
  expect((await after.rest('GET', '/channels')).body).toEqual([]);
  expect(await changes(after)).toBe(1);
  expect((await after.rest('GET', '/endpoints/PJSIP/foo')).body).toMatchObject({ channel_ids: [] });
  await after.stop();
  expect(await records(asItDied)).toEqual([]);
  expect(after.logged.filter((line) => !line.startsWith('info'))).toEqual([]);

  const later = await startService({ data: asItDied });
  expect(await changes(later)).toBe(0);
});

test('a call that was open when the service stopped has ended then, and nothing is told of it afterwards', async () => {
  const data = await directory();
  const before = await startService({ data });
  await talking(before);
  await before.stop();
  expect(await records(data)).toEqual([]);
  const after = await startService({ data });
  expect(await changes(after)).toBe(0);
});
