// Unmodified drachtio-srf drives what dialogs can do: reliable responses, UPDATE, sessions that expire, subscriptions.
import { expect, test } from 'vitest';
import { TestClock } from './clock.ts';
import { final, past, request, response, stage, valueOf, type Dialog, type Message } from './stage.ts';

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
const statusOf = (message: string) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1];
const offer = { callId: 'call', protocol: 'TCP', body: sdp } as const;

test('a reliable response goes in, its PRACK and an UPDATE come out, and then the call is answered', async () => {
  const { application, peer } = await stage();
  const events: string[] = [];
  await application((srf) =>
    srf.invite((req, res) => {
      req.on(
        'update' as 'cancel',
        ((_update: Message, answer: typeof res) => {
          events.push('update');
          answer.send(200);
          void srf.createUAS(req, res, { localSdp: sdp }).then(() => events.push('answered'));
        }) as (message: Message) => void,
      );
      const send = res.send as (status: number, options: object, done: undefined, acknowledged: () => void) => void;
      send.call(res, 183, { headers: { Require: '100rel' }, body: sdp }, undefined, () => events.push('prack'));
    }),
  );
  const alice = await peer('tcp');
  const headers = ['Content-Type: application/sdp'];
  alice.send(request('INVITE', alice.port, { ...offer, headers: ['Supported: 100rel', ...headers] }));
  const progress = await past(alice, '100');
  const to = valueOf(progress, 'To')!;
  const within = { ...offer, body: '', to };
  alice.send(
    request('PRACK', alice.port, { ...within, cseq: 2, headers: [`RAck: ${valueOf(progress, 'RSeq')} 1 INVITE`] }),
  );
  expect(valueOf(await final(alice), 'CSeq')).toBe('2 PRACK');
  alice.send(request('UPDATE', alice.port, { ...within, body: sdp, headers, cseq: 3 }));
  expect(valueOf(await final(alice), 'CSeq')).toBe('3 UPDATE');
  expect(valueOf(await final(alice), 'CSeq')).toBe('1 INVITE');
  await expect.poll(() => events).toEqual(['prack', 'update', 'answered']);
});

test('a reliable response of the other side is acknowledged by drachtio-srf', async () => {
  const { application, peer } = await stage();
  const [srf, bob] = [await application(), await peer()];
  const calling = srf.createUAC(`sip:bob@127.0.0.1:${bob.port}`, { localSdp: sdp, headers: { Supported: '100rel' } });
  const invite = await bob.inbox.next();
  const lines = [`Contact: <sip:bob@127.0.0.1:${bob.port}>`, 'Content-Type: application/sdp'];
  bob.send(response(invite, '183 Session Progress', [...lines, 'Require: 100rel', 'RSeq: 5'], sdp));
  const prack = await bob.inbox.next();
  expect([prack.split(' ')[0], valueOf(prack, 'RAck')]).toEqual(['PRACK', `5 ${valueOf(invite, 'CSeq')}`]);
  bob.send(response(prack, '200 OK'));
  bob.send(response(invite, '200 OK', lines, sdp));
  expect((await calling).remote.sdp).toBe(sdp);
  expect(await bob.inbox.next()).toMatch(/^ACK /);
});

test('a session that nobody refreshes is destroyed', async () => {
  const clock = new TestClock();
  const { application, peer, server } = await stage({ clock });
  const events: string[] = [];
  await application((srf) =>
    srf.invite((req, res) => {
      void srf.createUAS(req, res, { localSdp: sdp }).then((dialog: Dialog) => {
        dialog.on('ack', () => events.push('ack'));
        dialog.on('destroy', () => events.push('destroy'));
      });
    }),
  );
  const alice = await peer('tcp');
  const headers = ['Supported: timer', 'Session-Expires: 90;refresher=uac', 'Content-Type: application/sdp'];
  alice.send(request('INVITE', alice.port, { ...offer, headers }));
  const to = valueOf(await final(alice), 'To')!;
  alice.send(request('ACK', alice.port, { ...offer, body: '', to }));
  await expect.poll(() => events).toEqual(['ack']);
  clock.pass(90_000);
  await expect.poll(() => events).toEqual(['ack', 'destroy']);
  expect(server.metrics.gauges.dialogs).toBe(0);
});

test('a subscription of ours is notified, and destroyed by the last NOTIFY, which gets 200', async () => {
  const { application, peer, server } = await stage();
  const [srf, bob] = [await application(), await peer()];
  const headers = { Event: 'presence', Expires: '60' };
  const subscribing = srf.createUAC(`sip:bob@127.0.0.1:${bob.port}`, { method: 'SUBSCRIBE', headers });
  const subscribe = await bob.inbox.next();
  bob.send(response(subscribe, '202 Accepted', [`Contact: <sip:bob@127.0.0.1:${bob.port}>`, 'Expires: 60']));
  const dialog = await subscribing;
  const states: string[] = [];
  dialog.on('notify', (req, res) => {
    states.push(req.get('Subscription-State'));
    res.send(200);
  });
  for (const [cseq, state] of [
    [1, 'active;expires=60'],
    [2, 'terminated;reason=timeout'],
  ] as const) {
    const parts = { callId: valueOf(subscribe, 'Call-ID')!, cseq, to: valueOf(subscribe, 'From')! };
    const notify = request('NOTIFY', bob.port, {
      ...parts,
      headers: ['Event: presence', `Subscription-State: ${state}`],
    });
    bob.send(notify.replace(/\r\nFrom: .*/, `\r\nFrom: ${valueOf(subscribe, 'To')};tag=bob`));
    expect(statusOf(await final(bob))).toBe('200');
  }
  expect([states, server.metrics.gauges.dialogs]).toEqual([['active;expires=60', 'terminated;reason=timeout'], 0]);
});
