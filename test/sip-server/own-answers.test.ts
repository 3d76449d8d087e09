// What the server answers by itself, and what a dialog keeps or loses by a response (RFC 3261 12.2, 15.1).
import { describe, expect, test } from 'vitest';
import { incomingCall, outgoingInvite, tokensOf } from './calls.ts';
import { final, past, request, response, stage, valueOf } from './stage.ts';

const statusOf = (message: string) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1];

describe('without a dialog', () => {
  test.each(['BYE', 'UPDATE', 'PRACK', 'CANCEL'])('%s is answered 481, and nobody is told', async (method) => {
    const { client, peer } = await stage();
    const [app, phone] = [await client('*'), await peer()];
    phone.send(request(method, phone.port));
    expect(statusOf(await final(phone))).toBe('481');
    expect(app.inbox.waiting).toEqual([]);
  });

  test.each(['INVITE', 'SUBSCRIBE', 'NOTIFY'])(
    '%s that names one is answered 481, and nobody is told',
    async (method) => {
      const { client, peer } = await stage();
      const [app, phone] = [await client('*'), await peer()];
      phone.send(request(method, phone.port, { to: '<sip:service@127.0.0.1>;tag=gone' }));
      expect(statusOf(await final(phone))).toBe('481');
      expect(app.inbox.waiting).toEqual([]);
    },
  );

  test.each(['INFO', 'REFER', 'MESSAGE', 'OPTIONS', 'PUBLISH', 'FOO'])('%s is for an application', async (method) => {
    const { client, peer } = await stage();
    const [app, phone] = [await client('*'), await peer()];
    phone.send(request(method, phone.port));
    const told = await app.inbox.next();
    expect([told.split('\r\n')[1]!.split(' ')[0], tokensOf(told)[9]]).toEqual([method, '']);
  });
});

describe('a BYE of ours', () => {
  test.each([
    ['200 OK', 0],
    ['481 Gone', 0],
    ['500 Whatever', 0],
    ['401 Unauthorized', 1],
    ['407 Proxy Authentication Required', 1],
  ])('that is answered %s leaves %i dialogs', async (statusLine, dialogs) => {
    const at = await stage();
    const { app, phone, command } = await incomingCall(at);
    command('BYE');
    await app.inbox.next();
    phone.send(response(await past(phone, '100'), statusLine));
    expect(await app.inbox.next()).toContain(`SIP/2.0 ${statusLine}`);
    expect(at.server.metrics.gauges.dialogs).toBe(dialogs);
  });

  test('that cannot be sent, since its host has no address, ends the call all the same', async () => {
    const at = await stage({ lookup: () => Promise.reject(new Error('no such host')) });
    const call = await outgoingInvite(at);
    call.answer('200 OK', ['Contact: <sip:bob@nowhere.invalid>', `Record-Route: <sip:nowhere.example;lr>`]);
    await call.app.inbox.next();
    call.command('BYE');
    await expect.poll(() => at.server.metrics.gauges.dialogs, { timeout: 15_000 }).toBe(0);
  });

  test('during an INVITE of ours in the call cancels it first', async () => {
    const { app, phone, command } = await incomingCall(await stage());
    command('INVITE');
    const invite = await past(phone, '100');
    phone.send(response(invite, '180 Ringing'));
    await expect.poll(() => app.inbox.waiting.length).toBe(2);
    command('BYE');
    for (const [method, by] of [
      ['CANCEL', 0],
      ['BYE', 1],
    ] as const) {
      const sent = await phone.inbox.next();
      expect(valueOf(sent, 'CSeq')).toBe(`${Number(valueOf(invite, 'CSeq')!.split(' ')[0]) + by} ${method}`);
    }
  });
});

test('a second final response to an INVITE is refused', async () => {
  const { client, peer } = await stage();
  const [app, phone] = [await client('invite'), await peer()];
  phone.send(request('INVITE', phone.port));
  const transaction = tokensOf(await app.inbox.next())[8];
  for (const reply of ['OK', 'NOK']) {
    app.send(`id|sip|${transaction}|\r\nSIP/2.0 486 Busy Here\r\n\r\n`);
    expect(tokensOf(await app.inbox.next())[3]).toBe(reply);
  }
});

test('of two headers that must be one, the first goes out: drachtio-srf adds some of its own', async () => {
  const { client, peer } = await stage();
  const [app, phone] = [await client(), await peer()];
  const lines = ['Subscription-State: active;expires=60', 'subscription-state: terminated', 'X-Two: a', 'X-Two: b'];
  app.send(`id|sip||\r\n${[`NOTIFY sip:a@127.0.0.1:${phone.port} SIP/2.0`, ...lines].join('\r\n')}\r\n\r\n`);
  const notify = await phone.inbox.next();
  expect(notify.match(/subscription-state: .*|x-two: .*/gi)).toEqual([lines[0], lines[2], lines[3]]);
});
