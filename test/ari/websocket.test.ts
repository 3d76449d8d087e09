// The WebSocket on a real port: who gets in, what is told to whom, requests over it, and how it ends.
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { api, BASIC, connect, ENTITY, until, type Api, type Client, type Event } from './api.ts';

const events = (host: string, query: string): string => `ws://${host}/ari/events?api_key=ari:ari&${query}`;

async function open(query: string, given: Api = api()): Promise<{ api: Api; host: string; client: Client }> {
  const host = await given.listen();
  return { api: given, host, client: await connect(events(host, query)) };
}

/** How the server answers an upgrade that it refuses. */
async function refused(url: string, options: WebSocket.ClientOptions = {}, protocols: string[] = []): Promise<number> {
  const socket = new WebSocket(url, protocols, options);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  socket.once('error', () => undefined);
  socket.terminate();
  return response.statusCode;
}

test('the upgrade is refused with the status that is due, and nothing is registered', async () => {
  const given = api();
  const host = await given.listen();
  const url = `ws://${host}/ari/events`;
  expect(await refused(`${url}?app=a`)).toBe(401);
  expect(await refused(`${url}?app=a&api_key=ari:wrong`)).toBe(401);
  expect(await refused(`${url}?api_key=ari:ari`)).toBe(400);
  expect(await refused(`${url}?app=&api_key=ari:ari`)).toBe(400);
  expect(await refused(`${url}?app=a,,b&api_key=ari:ari`)).toBe(400);
  expect(await refused(`${url}?app=a&api_key=ari:ari`, {}, ['other'])).toBe(400);
  expect(await refused(`ws://${host}/ari/channels?api_key=ari:ari`)).toBe(200);
  expect(await refused(`ws://${host}/ari/nothing?api_key=ari:ari`)).toBe(404);
  expect(given.core.applications.list()).toEqual([]);
  expect((await given.ask('GET', '/ari/events?app=a')).status).toBe(426);
});

test('by header or by api_key, with the subprotocol or without, also a user who may only read gets in', async () => {
  const given = api();
  const host = await given.listen();
  const byHeader = await connect(`ws://${host}/ari/events?app=a`, { headers: { authorization: BASIC } });
  const byKey = new WebSocket(`ws://${host}/ari/events?app=b&api_key=ro:ro`, ['ari']);
  onTestFinished(() => byKey.terminate());
  await once(byKey, 'open');
  expect([byHeader.socket.protocol, byKey.protocol]).toEqual(['', 'ari']);
  expect(given.core.applications.list().map(({ name }) => name)).toEqual(['a', 'b']);
  expect(given.counters.open).toBe(2);
});

test('the applications are registered when the client learns that the socket is open', async () => {
  const { api: given, client } = await open('app=a');
  given.core.applications.get('a').topic.publish({ type: 'UserEventSent', name: 'e', variables: { a: '1' } });
  expect(await client.event('ChannelUserevent')).toEqual({
    type: 'ChannelUserevent',
    timestamp: '2026-11-20T19:13:43.844+0000',
    eventname: 'e',
    userevent: { a: '1', eventname: 'e' },
    application: 'a',
    cursor: expect.any(String) as string,
    asterisk_id: ENTITY,
  });
  expect(given.counters.eventsSent).toBe(1);
});

test('one socket carries the events of several applications, each under its name', async () => {
  const { api: given, client } = await open('app=a,%20b,a');
  for (const name of ['b', 'a']) given.core.applications.subscribe(name, ['endpoint:PJSIP/foo']);
  given.core.endpoints.get({ tech: 'PJSIP', resource: 'foo' }).setReachable(false);
  await until(() => client.received.length === 4);
  expect(client.received.map(({ type, application }) => `${type} ${String(application)}`).toSorted()).toEqual([
    'EndpointStateChange a',
    'EndpointStateChange b',
    'PeerStatusChange a',
    'PeerStatusChange b',
  ]);
});

test('with subscribeAll a new application hears everything', async () => {
  const { api: given, client } = await open('app=a&subscribeAll=true');
  given.core.endpoints.get({ tech: 'PJSIP', resource: 'bar' }).setReachable(true);
  expect(await client.event('EndpointStateChange')).toMatchObject({ endpoint: { resource: 'bar', state: 'online' } });
});

test('who is replaced is told, keeps its socket and its other applications, and takes nothing with it', async () => {
  const { api: given, host, client: first } = await open('app=a,b');
  const second = await connect(events(host, 'app=a'));
  expect(await first.event('ApplicationReplaced')).toEqual({
    type: 'ApplicationReplaced',
    timestamp: '2026-11-20T19:13:43.844+0000',
    application: 'a',
    asterisk_id: ENTITY,
  });
  for (const name of ['a', 'b']) {
    given.core.applications.get(name).topic.publish({ type: 'UserEventSent', name: 'e', variables: {} });
  }
  expect(await first.event('ChannelUserevent')).toMatchObject({ application: 'b' });
  expect(await second.event('ChannelUserevent')).toMatchObject({ application: 'a' });
  first.socket.close();
  await until(() => given.counters.open === 1);
  expect(given.core.applications.list().map(({ name, isActive }) => [name, isActive])).toEqual([['a', true]]);
});

test('an event filter holds back events, but not the answers to requests', async () => {
  const { api: given, client } = await open('app=a');
  given.core.applications.subscribe('a', ['endpoint:PJSIP/foo']);
  given.core.applications.setFilter('a', { allowed: [{ type: 'PeerStatusChange' }] });
  given.core.endpoints.get({ tech: 'PJSIP', resource: 'foo' }).setReachable(false);
  client.socket.send(JSON.stringify({ type: 'RESTRequest', method: 'GET', uri: 'asterisk/ping' }));
  await client.event('RESTResponse');
  expect(client.received.map(({ type }) => type)).toEqual(['PeerStatusChange', 'RESTResponse']);
});

test('when the last listener goes the application goes, unless it is subscribed to something', async () => {
  const { api: given, client } = await open('app=a,b');
  given.core.applications.subscribe('b', ['endpoint:PJSIP']);
  client.socket.close();
  await until(() => given.counters.open === 0);
  expect(given.core.applications.list().map(({ name, isActive }) => [name, isActive])).toEqual([['b', false]]);
});

const request = (client: Client, frame: object | string): Promise<Event> => {
  const before = client.received.length;
  client.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  return client.event((event) => event.type === 'RESTResponse' && client.received.indexOf(event) >= before);
};

test('requests over the WebSocket are answered as over HTTP', async () => {
  const { api: given, client } = await open('app=rows');
  const base = { type: 'RESTRequest', transaction_id: 't', request_id: 'r' };
  expect(await request(client, { ...base, method: 'GET', uri: 'endpoints/PJSIP/nope?x=1' })).toEqual({
    type: 'RESTResponse',
    transaction_id: 't',
    request_id: 'r',
    status_code: 404,
    reason_phrase: 'Not Found',
    uri: 'endpoints/PJSIP/nope',
    content_type: 'application/json',
    message_body: '{"message":"Endpoint not found","code":"endpoint-not-found"}',
    application: 'rows',
    timestamp: '2026-11-20T19:13:43.844+0000',
    asterisk_id: ENTITY,
  });
  const subscribed = await request(client, {
    ...base,
    method: 'post',
    uri: 'applications/rows/subscription',
    query_strings: [{ name: 'eventSource', value: 'endpoint:PJSIP/foo' }],
  });
  expect(JSON.parse(String(subscribed['message_body']))).toMatchObject({ endpoint_ids: ['PJSIP/foo'] });
  const body = { variables: { 'X-A': 'b' }, body: 'hello' };
  const message = { method: 'PUT', uri: 'endpoints/PJSIP/foo/sendMessage?from=sip:a@b' };
  const content = { content_type: 'application/json', message_body: JSON.stringify(body) };
  const accepted = await request(client, { ...base, ...message, ...content });
  expect(accepted).toMatchObject({ status_code: 202, reason_phrase: 'Accepted' });
  expect(JSON.parse(String(accepted['message_body']))).toMatchObject({ endpoint: 'PJSIP/foo', body: 'hello' });
  await until(() => given.sent.length > 0);
  expect(given.sent).toMatchObject([
    { address: 'foo', message: { to: 'pjsip:foo', from: 'sip:a@b', body: 'hello', variables: { 'X-A': 'b' } } },
  ]);
});

test('what is no request is answered by 400, and the socket stays open', async () => {
  const { client } = await open('app=a');
  expect(await request(client, 'not json')).toMatchObject({
    status_code: 400,
    transaction_id: '',
    request_id: '',
    uri: '',
  });
  for (const frame of [null, 5, [], { type: 'Bogus', request_id: 'r' }]) {
    expect(await request(client, JSON.stringify(frame))).toMatchObject({
      status_code: 400,
      reason_phrase: 'Bad request',
    });
  }
  const good = { type: 'RESTRequest', request_id: 'r', method: 'GET', uri: 'asterisk/ping' };
  const { method: _, ...noMethod } = good;
  const answers = [
    await request(client, noMethod),
    await request(client, { ...good, uri: 'events?app=b' }),
    await request(client, { ...good, query_strings: 'a=b' }),
    await request(client, { ...good, message_body: 'x', content_type: 'text/plain' }),
    await request(client, { ...good, message_body: '{', content_type: 'application/json' }),
  ];
  expect(answers.map(({ status_code: status }) => status)).toEqual([400, 400, 400, 400, 400]);
  expect(answers.map((each) => (JSON.parse(String(each['message_body'])) as Event)['message'])).toEqual([
    'Missing parameter method',
    'There is a WebSocket already',
    'Parameter query_strings must be array',
    'Parameter content_type is none that a message_body may have',
    'Error parsing request body',
  ]);
  expect(await request(client, good)).toMatchObject({ status_code: 200, request_id: 'r' });
});

test('the user of the upgrade is the user of the requests', async () => {
  const given = api();
  const client = await connect(`ws://${await given.listen()}/ari/events?app=a&api_key=ro:ro`);
  const base = { type: 'RESTRequest', uri: 'applications/a/subscription?eventSource=endpoint:' };
  expect(await request(client, { ...base, method: 'POST' })).toMatchObject({ status_code: 403 });
  expect(await request(client, { ...base, method: 'GET', uri: 'applications/a?api_key=ari:no' })).toMatchObject({
    status_code: 200,
  });
});

test('hundreds of requests sent at once are answered all, in their order', async () => {
  const { client } = await open('app=a');
  const ids = Array.from({ length: 500 }, (_, index) => String(index));
  for (const id of ids) {
    const uri = Number(id) % 2 === 0 ? 'asterisk/ping' : 'endpoints/PJSIP/foo/sendMessage';
    const method = Number(id) % 2 === 0 ? 'GET' : 'PUT';
    client.socket.send(JSON.stringify({ type: 'RESTRequest', request_id: id, method, uri }));
  }
  await client.event((event) => event['request_id'] === '499');
  expect(client.received.map((event) => event['request_id'])).toEqual(ids);
});

test('binary frames are ignored, and a frame that is too long closes the socket with 1009', async () => {
  const { client } = await open('app=a');
  client.socket.send(Buffer.from('not json'));
  expect(await request(client, 'not json')).toMatchObject({ status_code: 400 });
  expect(client.received).toHaveLength(1);
  client.socket.send('x'.repeat(1_114_113));
  expect(await client.closed).toBe(1009);
});

test('a peer that answers no ping is gone, one that answers stays', async () => {
  const given = api({ pingInterval: 500 });
  const host = await given.listen();
  const dead = await connect(events(host, 'app=dead'), { autoPong: false });
  const alive = await connect(events(host, 'app=alive'));
  expect(await dead.closed).toBe(1006);
  await once(alive.socket, 'ping');
  expect(given.core.applications.list().map(({ name }) => name)).toEqual(['alive']);
});

test('when the server stops it says goodbye with 1001, and waits for nobody who does not answer', async () => {
  const { api: given, host, client } = await open('app=a');
  const silent = await connect(events(host, 'app=b'));
  silent.socket.pause();
  await given.http.close();
  expect(await client.closed).toBe(1001);
  expect(given.counters.open).toBe(0);
});

test('each request is told to whoever counts, by its path as ARI writes it', async () => {
  const told: unknown[] = [];
  const given = api({ onRequest: (...all) => told.push(all) });
  const { client } = await open('app=a', given);
  await request(client, { type: 'RESTRequest', method: 'GET', uri: 'endpoints/PJSIP' });
  await given.ask('GET', '/ari/nothing');
  const seconds = expect.any(Number) as number;
  expect(told).toEqual([
    ['/events', 'GET', 101, seconds],
    ['/endpoints/{tech}', 'GET', 200, seconds],
    ['', 'GET', 404, seconds],
  ]);
});
