// One INVITE, several answers: early dialogs (RFC 3261 12.1, 13.2.2.4); and one request that comes by several ways (8.2.2.2).
import { describe, expect, test } from 'vitest';
import { outgoingInvite, tokensOf } from './calls.ts';
import { final, past, request, response, stage, valueOf } from './stage.ts';

const statusOf = (message: string) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1];

/** The application's INVITE rings at two places. */
async function forked() {
  const at = await stage();
  const call = await outgoingInvite(at);
  const contact = `Contact: <sip:bob@127.0.0.1:${call.phone.port}>`;
  const answer = (tag: string, statusLine: string): void =>
    call.phone.send(response(call.invite, statusLine, [contact]).replace('tag=bob', `tag=${tag}`));
  const ask = (tag: string, method: string, cseq: number): void =>
    call.phone.send(
      request(method, call.phone.port, {
        callId: valueOf(call.invite, 'Call-ID')!,
        cseq,
        to: valueOf(call.invite, 'From')!,
      }).replace(/\r\nFrom: .*/, `\r\nFrom: ${valueOf(call.invite, 'To')};tag=${tag}`),
    );
  for (const tag of ['one', 'two']) {
    answer(tag, '180 Ringing');
    await call.app.inbox.next();
  }
  return { ...call, at, answer, ask };
}

describe('branches of an INVITE of ours', () => {
  test('count the requests of each for itself', async () => {
    const { app, phone, ask } = await forked();
    for (const [tag, cseq] of [
      ['one', 5],
      ['two', 2],
    ] as const) {
      ask(tag, 'INFO', cseq);
      expect(valueOf(await app.inbox.next(), 'CSeq')).toBe(`${cseq} INFO`);
    }
    ask('one', 'INFO', 4);
    expect(statusOf(await final(phone))).toBe('500');
    ask('two', 'INFO', 3);
    expect(valueOf(await app.inbox.next(), 'CSeq')).toBe('3 INFO');
  });

  test('are over when one of them is answered', async () => {
    const { app, phone, at, answer, ask, command } = await forked();
    answer('one', '200 OK');
    await app.inbox.next();
    command('ACK');
    expect(valueOf(await phone.inbox.next(), 'To')).toContain(';tag=one');
    ask('two', 'UPDATE', 1);
    expect(statusOf(await final(phone))).toBe('481');
    ask('one', 'INFO', 1);
    await app.inbox.next();
    expect(await app.inbox.next()).toContain('CSeq: 1 INFO');
    expect(at.server.metrics.gauges.dialogs).toBe(1);
  });

  test('are over when the INVITE fails, and there are never more than a few of them', async () => {
    const { app, phone, at, answer, ask } = await forked();
    for (let branch = 0; branch < 30; branch++) {
      answer(`more${branch}`, '180 Ringing');
      await app.inbox.next();
    }
    ask('one', 'UPDATE', 1);
    expect(statusOf(await final(phone))).toBe('481');
    ask('more29', 'INFO', 1);
    await app.inbox.next();
    answer('two', '486 Busy Here');
    await app.inbox.next();
    expect(at.server.metrics.gauges.dialogs).toBe(0);
    expect(await phone.inbox.next()).toMatch(/^ACK /);
    ask('more29', 'UPDATE', 2);
    expect(statusOf(await final(phone))).toBe('481');
  });
});

test('a second copy of a request is refused while the first is open, and after it was accepted; after a failure it is another try', async () => {
  const { client, peer } = await stage();
  const [app, phone] = [await client('publish'), await peer()];
  const copy = (branch: string) =>
    phone.send(request('PUBLISH', phone.port, { callId: 'same', branch: `z9hG4bK-${branch}` }));
  copy('one');
  app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 480 Later\r\n\r\n`);
  expect(statusOf(await final(phone))).toBe('480');
  await app.inbox.next();
  copy('two');
  const transaction = tokensOf(await app.inbox.next())[8];
  copy('three');
  expect(statusOf(await final(phone))).toBe('482');
  app.send(`id|sip|${transaction}|\r\nSIP/2.0 202 Accepted\r\n\r\n`);
  expect(statusOf(await final(phone))).toBe('202');
  copy('four');
  expect(statusOf(await final(phone))).toBe('482');
});

test('a MESSAGE that was accepted may be sent again, since its sender may not know', async () => {
  const { client, peer } = await stage();
  const [app, phone] = [await client('message'), await peer()];
  for (const branch of ['one', 'two']) {
    phone.send(request('MESSAGE', phone.port, { callId: 'same', branch: `z9hG4bK-${branch}` }));
    app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 202 Accepted\r\n\r\n`);
    expect(statusOf(await final(phone))).toBe('202');
    await app.inbox.next();
  }
});

test('a call that ends takes an INVITE of ours with it', async () => {
  const { client, peer } = await stage();
  const [app, phone] = [await client('invite'), await peer()];
  phone.send(request('INVITE', phone.port, { callId: 'call' }));
  app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
  const dialogId = tokensOf(await app.inbox.next())[11];
  const to = valueOf(await final(phone), 'To')!;
  phone.send(request('ACK', phone.port, { callId: 'call', to }));
  await app.inbox.next();
  app.send(`id|sip||${dialogId}\r\nINVITE sip:placeholder SIP/2.0\r\n\r\n`);
  phone.send(response(await past(phone, '100'), '180 Ringing'));
  await expect.poll(() => app.inbox.waiting.length).toBe(2);
  phone.send(request('BYE', phone.port, { callId: 'call', cseq: 2, to }));
  expect(await phone.inbox.next()).toMatch(/^CANCEL /);
});

test('Path, Service-Route and what nobody here knows pass as they are, both ways', async () => {
  const { client, peer } = await stage();
  const [app, phone] = [await client('register'), await peer()];
  const path = 'Path: <sip:edge.example;lr>, "Two, three" <sip:p2.example;lr;x="y;z">';
  phone.send(request('REGISTER', phone.port, { headers: [path, 'X-Unknown: a, b;c'] }));
  const told = await app.inbox.next();
  for (const line of [path, 'X-Unknown: a, b;c']) expect(told).toContain(`\r\n${line}\r\n`);
  const lines = [path, 'Service-Route: <sip:home.example;lr>,<sip:two.example;lr>', 'X-Unknown: a, b;c'];
  app.send(`id|sip|${tokensOf(told)[8]}|\r\n${['SIP/2.0 200 OK', ...lines].join('\r\n')}\r\n\r\n`);
  const answer = await final(phone);
  for (const line of lines) expect(answer).toContain(`\r\n${line}\r\n`);
});
