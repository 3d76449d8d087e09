// Dialogs beyond what the recordings show: routes, targets, races, and applications that leave.
import { describe, expect, test } from 'vitest';
import { incomingCall, outgoingInvite, tokensOf } from './calls.ts';
import { final, past, request, response, stage, valueOf } from './stage.ts';

const allOf = (message: string, name: string) =>
  [...message.matchAll(new RegExp(`\r\n${name}: ([^\r]*)`, 'gi'))].map(([, value]) => value);
const statusOf = (message: string) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1];

describe('routes', () => {
  test('of a call that came in are those of Record-Route, in order, and the request goes to the first', async () => {
    const at = await stage();
    const proxy = await at.peer();
    const routes = [`<sip:127.0.0.1:${proxy.port};lr>`, '"Second, quoted" <sip:192.0.2.2;lr>;x=y'];
    const call = await incomingCall(at, [`Record-Route: ${routes.join(', ')}`]);
    call.command('BYE');
    const bye = await proxy.inbox.next();
    expect(bye).toMatch(`BYE sip:alice@127.0.0.1:${call.phone.port} SIP/2.0`);
    expect(allOf(bye, 'Route')).toEqual([routes[0], '<sip:192.0.2.2;lr>;x=y']);
  });

  test('of a call that went out are those of Record-Route, reversed', async () => {
    const call = await outgoingInvite(await stage());
    const near = `<sip:127.0.0.1:${call.phone.port};lr>`;
    call.answer('200 OK', [
      'Contact: <sip:bob@192.0.2.9>',
      'Record-Route: <sip:192.0.2.2;lr>',
      `Record-Route: ${near}`,
    ]);
    await call.app.inbox.next();
    call.command('ACK');
    const ack = await call.phone.inbox.next();
    expect(ack).toMatch(/^ACK sip:bob@192\.0\.2\.9 SIP\/2\.0/);
    expect(allOf(ack, 'Route')).toEqual([near, '<sip:192.0.2.2;lr>']);
  });

  test('through a strict router put the target last', async () => {
    const at = await stage();
    const proxy = await at.peer();
    const call = await incomingCall(at, [`Record-Route: <sip:127.0.0.1:${proxy.port}>`]);
    call.command('INFO');
    const info = await proxy.inbox.next();
    expect(info).toMatch(`INFO sip:127.0.0.1:${proxy.port} SIP/2.0`);
    expect(allOf(info, 'Route')).toEqual([`<sip:alice@127.0.0.1:${call.phone.port}>`]);
  });
});

describe('the target', () => {
  test('is the source of the call when its Contact is a private address elsewhere', async () => {
    const call = await outgoingInvite(await stage());
    call.answer('200 OK', ['Contact: <sip:bob@192.168.7.7:5060>']);
    await call.app.inbox.next();
    call.command('ACK');
    expect(await call.phone.inbox.next()).toMatch(/^ACK sip:bob@192\.168\.7\.7:5060 SIP\/2\.0/);
  });

  test('moves with the Contact of a re-INVITE, once that was accepted', async () => {
    const at = await stage();
    const [call, elsewhere] = [await incomingCall(at), await at.peer()];
    for (const status of ['488 Not Acceptable Here', '200 OK']) {
      const cseq = status === '200 OK' ? 3 : 2;
      call.phone.send(request('INVITE', elsewhere.port, { ...call.within, cseq }));
      const transaction = tokensOf(await call.app.inbox.next())[8];
      call.app.send(`id|sip|${transaction}|\r\nSIP/2.0 ${status}\r\n\r\n`);
      await call.app.inbox.next();
      expect(statusOf(await final(call.phone))).toBe(status.slice(0, 3));
      call.phone.send(request('ACK', elsewhere.port, { ...call.within, cseq }));
      call.command('INFO');
      await (status === '200 OK' ? elsewhere : call.phone).inbox.next();
      await expect.poll(() => call.app.inbox.waiting.length).toBeGreaterThan(0);
      while (call.app.inbox.waiting.length > 0) await call.app.inbox.next();
    }
  });
});

describe('a request within a dialog', () => {
  test('that is older than the last is refused', async () => {
    const call = await incomingCall(await stage());
    call.phone.send(request('INFO', call.phone.port, { ...call.within, cseq: 5 }));
    await call.app.inbox.next();
    call.phone.send(request('INFO', call.phone.port, { ...call.within, cseq: 4 }));
    expect(await final(call.phone)).toMatch(/^SIP\/2\.0 500 /);
  });

  test('that is a second INVITE waits its turn: 500 before the first is answered, 491 while ours is open', async () => {
    const call = await incomingCall(await stage());
    for (const cseq of [2, 3]) call.phone.send(request('INVITE', call.phone.port, { ...call.within, cseq }));
    const early = await final(call.phone);
    expect([statusOf(early), valueOf(early, 'Retry-After')]).toEqual(['500', '5']);
    const transaction = tokensOf(await call.app.inbox.next())[8];
    call.app.send(`id|sip|${transaction}|\r\nSIP/2.0 488 No\r\n\r\n`);
    expect(statusOf(await final(call.phone))).toBe('488');

    call.command('INVITE');
    expect(await call.phone.inbox.next()).toMatch(/^INVITE /);
    call.phone.send(request('INVITE', call.phone.port, { ...call.within, cseq: 4 }));
    expect(statusOf(await final(call.phone))).toBe('491');
  });

  test('that is a BYE before the answer ends the INVITE with 487', async () => {
    const { client, peer } = await stage();
    const [app, phone] = [await client('invite'), await peer()];
    phone.send(request('INVITE', phone.port, { callId: 'early' }));
    const transaction = tokensOf(await app.inbox.next())[8];
    app.send(`id|sip|${transaction}|\r\nSIP/2.0 180 Ringing\r\n\r\n`);
    const to = valueOf(await past(phone, '100'), 'To')!;
    phone.send(request('BYE', phone.port, { callId: 'early', cseq: 2, to }));
    const ended = await final(phone);
    expect([statusOf(ended), valueOf(ended, 'CSeq')]).toEqual(['487', '1 INVITE']);
  });
});

describe('a CANCEL', () => {
  test('of ours waits for a provisional response', async () => {
    const call = await outgoingInvite(await stage());
    call.app.send(`id|sip|${call.transaction}|\r\nCANCEL sip:x SIP/2.0\r\nReason: SIP;cause=200\r\n\r\n`);
    expect(tokensOf(await call.app.inbox.next())[3]).toBe('OK');
    expect(call.phone.inbox.waiting).toEqual([]);
    call.answer('100 Trying');
    const cancel = await call.phone.inbox.next();
    expect([cancel.split(' ')[0], valueOf(cancel, 'Reason'), valueOf(cancel, 'Via')]).toEqual([
      'CANCEL',
      'SIP;cause=200',
      valueOf(call.invite, 'Via'),
    ]);
  });

  test('of theirs after the 200 is answered, and changes nothing', async () => {
    const { client, peer, server } = await stage();
    const [app, phone] = [await client('invite'), await peer()];
    const parts = { callId: 'late', branch: 'z9hG4bK-late' };
    phone.send(request('INVITE', phone.port, parts));
    app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await final(phone);
    phone.send(request('CANCEL', phone.port, parts));
    await expect.poll(async () => valueOf(await final(phone), 'CSeq')).toBe('1 CANCEL');
    expect(server.metrics.gauges.dialogs).toBe(1);
  });

  test('of nothing is answered 481', async () => {
    const phone = await (await stage()).peer();
    phone.send(request('CANCEL', phone.port));
    expect(statusOf(await final(phone))).toBe('481');
  });
});

describe('a fork', () => {
  test('that answers second is acknowledged and ended', async () => {
    const call = await outgoingInvite(await stage());
    call.answer('200 OK');
    await call.app.inbox.next();
    call.command('ACK');
    expect(await call.phone.inbox.next()).toMatch(/^ACK /);
    call.phone.send(
      response(call.invite, '200 OK', [`Contact: <sip:fork@127.0.0.1:${call.phone.port}>`]).replace(
        'tag=bob',
        'tag=fork',
      ),
    );
    for (const method of ['ACK', 'BYE']) {
      const sent = await call.phone.inbox.next();
      expect([sent.split('@')[0], /tag=(\w+)/.exec(valueOf(sent, 'To')!)![1]]).toEqual([`${method} sip:fork`, 'fork']);
    }
  });
});

test('a BYE of ours before the answer calls the INVITE off; an answer that is faster is acknowledged and ended', async () => {
  const call = await outgoingInvite(await stage());
  call.answer('180 Ringing');
  await call.app.inbox.next();
  call.command('BYE');
  expect(await call.phone.inbox.next()).toMatch(/^CANCEL /);
  call.phone.send(response(await call.phone.inbox.next(), '200 OK'));
  await expect.poll(() => call.app.inbox.waiting.length).toBe(2);
  call.answer('200 OK');
  await expect.poll(() => call.app.inbox.waiting.length).toBe(3);
  call.command('ACK');
  for (const method of ['ACK', 'BYE']) expect(await call.phone.inbox.next()).toMatch(`${method} `);
});

describe('an application that leaves', () => {
  test('cancels what it was calling; an answer that is faster is acknowledged and ended', async () => {
    const call = await outgoingInvite(await stage());
    call.answer('180 Ringing');
    await call.app.inbox.next();
    await call.app.close();
    expect(await call.phone.inbox.next()).toMatch(/^CANCEL /);
    call.answer('200 OK');
    const methods: (string | undefined)[] = [];
    while (!methods.includes('BYE')) methods.push((await call.phone.inbox.next()).split(' ')[0]);
    expect(methods.filter((method) => method !== 'CANCEL')).toEqual(['ACK', 'BYE']);
  });
});

test('a connection that ends takes its requests with it', async () => {
  const { client, peer } = await stage();
  const [app, phone] = [await client('options'), await peer('tcp')];
  phone.send(request('OPTIONS', phone.port, { protocol: 'TCP' }));
  await app.inbox.next();
  app.send(`id|sip||\r\nMESSAGE sip:x@127.0.0.1:${phone.port};transport=tcp SIP/2.0\r\n\r\n`);
  const transaction = tokensOf(await app.inbox.next())[10];
  await phone.inbox.next();
  await phone.close();
  const told = await app.inbox.next();
  expect([tokensOf(told)[8], told.split('\r\n')[1]]).toEqual([transaction, 'SIP/2.0 503 Service Unavailable']);
});

test('a host name is looked up', async () => {
  const { client, peer } = await stage({
    lookup: () =>
      Promise.resolve([
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]),
  });
  const [app, phone] = [await client(), await peer()];
  app.send(`id|sip||\r\nOPTIONS sip:bob@phone.example:${phone.port} SIP/2.0\r\n\r\n`);
  expect(await phone.inbox.next()).toMatch(/^OPTIONS sip:bob@phone\.example:/);
});

test('a reliable provisional response is refused, since nothing would acknowledge it', async () => {
  const { client, peer } = await stage();
  const [app, phone] = [await client('invite'), await peer()];
  phone.send(request('INVITE', phone.port));
  app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 183 Progress\r\nRequire: 100rel\r\n\r\n`);
  expect(tokensOf(await app.inbox.next()).slice(3)).toEqual(['NOK', 'Remote endpoint does not support 100rel']);
});
