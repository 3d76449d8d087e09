// Variables and functions of a channel by REST.
import { expect, test } from 'vitest';
import type { Channel } from '../../src/core/channel.ts';
import { translate } from '../../src/ari/translate.ts';
import { ableDriver } from '../support/drivers.ts';
import { api, BASIC, type Answer, type Api } from './api.ts';

const HEADER = 'PJSIP_HEADER(read,X-Tag)';

function call(given: Api) {
  const driver = ableDriver({ [HEADER]: 'abc', 'PJSIP_HEADER(read,X-None)': '', 'PJSIP_HEADER(add,X-New)': '' });
  const channel = given.core.channels.create({
    ...{ name: 'PJSIP/a-b', state: 'Up', context: 'default', exten: '1', driver },
    caller: { name: 'Alice', number: '100' },
    connected: { name: '', number: '200' },
  });
  channel.setProtocolId('x@y');
  channel.enter(given.core.applications.register('app', () => undefined).application, []);
  const path = `/ari/channels/${channel.id}`;
  const read = (variable: string): Promise<Answer> =>
    given.ask('GET', `${path}/variable?variable=${encodeURIComponent(variable)}`);
  const write = (variable: string, value?: string): Promise<Answer> =>
    given.ask('POST', `${path}/variable`, {
      headers: { authorization: BASIC, 'content-type': 'application/json' },
      payload: JSON.stringify({ variable, value }),
    });
  return { channel, driver, path, read, write };
}

/** The events that something is told by. */
async function eventsOf({ topic }: Channel, act: () => Promise<unknown>): Promise<string[]> {
  const types: string[] = [];
  const subscription = topic.subscribe((message) => void types.push(...translate(message).map(({ type }) => type)));
  await act();
  await subscription.drained();
  subscription.unsubscribe();
  return types.filter((type) => type !== 'ChannelOperationFinished');
}

test.each([
  ['CALLERID(num)', '100'],
  ['CALLERID(number)', '100'],
  ['CALLERID(NAME)', 'Alice'],
  ['CALLERID(all)', '"Alice" <100>'],
  ['CALLERID(rdnis)', ''],
  ['CONNECTEDLINE(num)', '200'],
  ['CONNECTEDLINE(num, i)', '200'],
  ['CONNECTEDLINE(all)', '"" <200>'],
  ['CHANNEL(name)', 'PJSIP/a-b-00000000'],
  ['CHANNEL(channeltype)', 'PJSIP'],
  ['CHANNEL(endpoint)', 'a-b'],
  ['CHANNEL(state)', 'Up'],
  ['CHANNEL(language)', 'en'],
  ['CHANNEL(accountcode)', ''],
  ['CHANNEL(callid)', 'x@y'],
  ['CHANNEL(exten)', '1'],
  ['CHANNEL', 'PJSIP/a-b-00000000'],
  ['EXTEN', '1'],
  ['PRIORITY', '1'],
  [HEADER, 'abc'],
  ['GLOBAL_ONE', 'g'],
])('%s is read as "%s"', async (variable, value) => {
  const given = api();
  given.core.variables.set('GLOBAL_ONE', 'g');
  expect(await call(given).read(variable)).toMatchObject({ status: 200, body: { value } });
});

test.each(['SHELL(id)', 'CHANNEL(bogus)', 'CALLERID(constructor)', 'constructor(x)', 'CALLERID(num', '('])(
  'there is no %s to read or to write',
  async (variable) => {
    const { channel, read, write } = call(api());
    const refused = { status: 400, body: { code: 'unknown-function' } };
    expect(await read(variable)).toMatchObject(refused);
    expect(await write(variable, 'x')).toMatchObject(refused);
    expect(channel.variable(variable)).toBeUndefined();
  },
);

test('a header that is not there is not found, and what can only be read is not written', async () => {
  const { read, write } = call(api());
  expect(await read('PJSIP_HEADER(read,X-None)')).toMatchObject({ status: 404, body: { code: 'variable-not-found' } });
  expect(await write('CHANNEL(name)', 'x')).toMatchObject({ status: 400, body: { code: 'read-only-function' } });
});

test.each([
  ['CALLERID(num)', '7', { caller: { name: 'Alice', number: '7' } }, ['ChannelCallerId'], []],
  ['CALLERID(name)', 'Bob', { caller: { name: 'Bob', number: '100' } }, ['ChannelCallerId'], []],
  ['CALLERID(all)', '"Bob" <7>', { caller: { name: 'Bob', number: '7' } }, ['ChannelCallerId'], []],
  ['CALLERID(all)', 'Bob <7>', { caller: { name: 'Bob', number: '7' } }, ['ChannelCallerId'], []],
  ['CALLERID(all)', '+497', { caller: { name: '', number: '+497' } }, ['ChannelCallerId'], []],
  ['CALLERID(all)', 'Bob', { caller: { name: 'Bob', number: '' } }, ['ChannelCallerId'], []],
  ['CALLERID(all)', '"Alice" <100>', {}, [], []],
  ['CALLERID(rdnis)', '9', { redirecting: '9' }, [], []],
  [
    'CONNECTEDLINE(name)',
    'C',
    { connected: { name: 'C', number: '200' } },
    ['ChannelConnectedLine'],
    ['connected "C" <200>'],
  ],
  ['CONNECTEDLINE(name,i)', 'C', { connected: { name: 'C', number: '200' } }, ['ChannelConnectedLine'], []],
  ['CHANNEL(language)', 'de', { language: 'de' }, [], []],
  ['CHANNEL(accountcode)', 'acme', { accountcode: 'acme' }, [], []],
] as const)('%s set to %s shows', async (variable, value, snapshot, events, done) => {
  const given = api();
  const { channel, driver, write } = call(given);
  expect(await eventsOf(channel, () => write(variable, value))).toEqual(events);
  expect(channel.snapshot).toMatchObject(snapshot);
  expect(driver.done).toEqual(done);
});

test('who was called before a redirection is shown only where there was one', async () => {
  const given = api();
  const { channel, path } = call(given);
  expect((await given.ask('GET', path)).body).not.toHaveProperty('caller_rdnis');
  channel.setDetails({ redirecting: '300' });
  expect((await given.ask('GET', path)).body).toMatchObject({ caller_rdnis: '300' });
});

test('setting a variable says which operation it was, and waits for its turn', async () => {
  const { channel, driver, write } = call(api());
  const resume = driver.pause();
  channel.operate('hold', () => channel.hold());
  const answer = write('A', '1');
  expect(channel.variable('A')).toBeUndefined();
  resume();
  expect(await answer).toMatchObject({ status: 204, headers: { 'operation-id': expect.any(String) as string } });
  expect(channel.variable('A')).toBe('1');
});

test('several are set with functions, and when one is unknown none is', async () => {
  const given = api();
  const { channel, path, read } = call(given);
  const set = (variables: object): Promise<Answer> =>
    given.ask('POST', `${path}/variables`, {
      headers: { authorization: BASIC, 'content-type': 'application/json' },
      payload: JSON.stringify({ variables }),
    });
  for (const wrong of ['SHELL(id)', 'CHANNEL(state)'])
    expect((await set({ A: '1', 'CALLERID(num)': '8', [wrong]: 'x' })).status).toBe(400);
  expect([channel.variable('A'), channel.snapshot.caller.number]).toEqual([undefined, '100']);
  expect((await set({ A: '1', 'CALLERID(num)': '8', 'PJSIP_HEADER(add,X-New)': 'n' })).status).toBe(204);
  expect(await read('PJSIP_HEADER(add,X-New)')).toMatchObject({ body: { value: 'n' } });
  const query = encodeURIComponent(`A,CALLERID(num)`);
  expect((await given.ask('GET', `${path}/variables?variables=${query}`)).body).toEqual({
    variables: { A: '1', 'CALLERID(num)': '8' },
  });
});
