// Applications that Arion connects to by itself, as they and a telephone see it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ariServer, type Event } from '../support/ari-server.ts';
import { startService } from '../support/service.ts';

const contexts = 'default: { "_X.": { app: ivr, args: [ a ] } }';
const bindings = 'ivr: { websocket_client_id: ivr, apps: [ ivr ], local_ari_user: ari }';
const outbound = (uri: string, type: 'persistent' | 'per_call_config') => ({
  clients: `ivr: { uri: '${uri}', connection_type: ${type}, reconnect_interval: 10, connection_timeout: 5000 }`,
  bindings,
});
const idOf = ({ channel }: Event): string => (channel as { id: string }).id;
const types = (received: readonly Event[]): unknown[] => received.map(({ type }) => type);

test('a call opens a WebSocket of its own, is answered by REST over it, and some time after its end it closes', async () => {
  const server = await ariServer();
  const service = await startService({ contexts, outbound: outbound(server.uri, 'per_call_config') });
  const call = (await service.telephone('foo')).call({ to: '1001' });
  const peer = await server.peer();
  const start = await peer.event('StasisStart');
  expect(start['application']).toMatch(/^ivr:PJSIP\/foo-[0-9a-f]{8}$/);
  expect(await peer.ask('POST', `channels/${idOf(start)}/answer`)).toMatchObject({ status_code: 204 });
  expect((await call.answered).status).toBe(200);
  await call.hangup();
  await peer.event('StasisEnd');
  const ended = performance.now();
  expect(await peer.closed).toBe(1000);
  expect(Math.round((performance.now() - ended) / 1_000)).toBe(3);
  while (service.app.core.applications.list().length > 0) await new Promise(setImmediate);
});

test('a call that no server takes is declined', async () => {
  const server = await ariServer();
  await server.down();
  const service = await startService({ contexts, outbound: outbound(server.uri, 'per_call_config') });
  expect((await (await service.telephone('foo')).call({ to: '1001' }).answered).status).toBe(603);
});

test('when the service stops, the end of the call is told before the WebSocket is closed', async () => {
  const server = await ariServer();
  const service = await startService({ contexts, outbound: outbound(server.uri, 'per_call_config') });
  const call = (await service.telephone('foo')).call({ to: '1001' });
  const peer = await server.peer();
  await peer.event('StasisStart');
  await service.stop();
  expect(await peer.closed).toBe(1001);
  expect(types(peer.received)).toContain('StasisEnd');
  expect(types(peer.received).at(-1)).toBe('ApplicationUnregistered');
  expect((await call.answered).status).toBe(503);
});

test('a persistent one takes calls while its server is away, which hears of them later, also after a restart', async () => {
  const data = await mkdtemp(join(tmpdir(), 'arion-outbound-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const server = await ariServer();
  const options = { data, contexts, outbound: outbound(server.uri, 'persistent') };
  const before = await startService(options);
  const first = await server.peer();
  await first.event('ApplicationRegistered');
  await server.down();
  const call = (await before.telephone('foo')).call({ to: '1001' });
  while (before.app.core.channels.list()[0]?.application !== 'ivr') await new Promise(setImmediate);
  await before.stop();
  expect((await call.answered).status).toBe(503);

  await server.up();
  const after = await startService(options);
  const second = await server.peer();
  await second.event('StasisEnd');
  expect(types(second.received).slice(0, 2)).toEqual(['ApplicationRegistered', 'StasisStart']);
  const metrics = await (await fetch(after.base.replace('/ari', '/metrics'))).text();
  expect(metrics).toContain('arion_outbound_websockets_open 1');
  expect(metrics).toContain('arion_queue_limit{queue="ari:outbound calls"} 1000');
});
