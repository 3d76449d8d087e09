// Transfers among three telephones, over real sockets: carried out by the core, or decided by the application.
import { describe, expect, test } from 'vitest';
import type { AriApp } from '../../scripts/demo/application.ts';
import type { Call, Telephone } from '../../scripts/demo/telephone.ts';
import type { Service } from '../support/service.ts';
import { dialogOf, named, notified, over, refer, replacing, setUp, SUCCESS, talk, talksTo } from './transfers-room.ts';

describe('a blind transfer by the core', () => {
  test('leads whom the called one talks to on through the routing, and hangs up', async () => {
    const { service, phones } = await setUp();
    const { foo, bar, baz } = phones;
    const watcher = await service.application('watcher', ['endpoint:PJSIP/foo']);
    const [call, taken] = await talk(foo, '2', bar);
    expect((await refer(taken, '<sip:3@127.0.0.1>', [['Referred-By', '<sip:bar@127.0.0.1>']])).status).toBe(202);
    const third = await baz.called();
    expect(third.invite.header('Referred-By')).toBe('<sip:bar@127.0.0.1>');
    await third.answer();
    expect(await notified(bar)).toEqual(SUCCESS);
    await taken.ended;
    await expect.poll(() => [talksTo(foo), talksTo(baz)]).toEqual(['baz', 'foo']);
    expect(await watcher.next('BridgeBlindTransfer')).toMatchObject({
      ...{ exten: '3', context: 'default', result: 'Success' },
      ...{ transferee: named('foo'), channel: named('bar') },
    });
    await call.hangup();
    await third.ended;
    await over(service);
  });

  test('leads whom the caller talks to on, too, and a second one has an id', async () => {
    const { service, phones } = await setUp();
    const { foo, bar, baz } = phones;
    const [call, taken] = await talk(foo, '2', bar);
    expect((await refer(call, '<sip:9@127.0.0.1>')).status).toBe(202);
    expect(await notified(foo)).toEqual(['SIP/2.0 100 Trying active', 'SIP/2.0 500 Server Internal Error terminated']);
    const again = await refer(call, '<sip:3@127.0.0.1>');
    const third = await baz.called();
    await third.answer();
    const trying = await foo.next('NOTIFY');
    expect(trying.header('Event')).toBe(`refer;id=${again.sequence}`);
    expect((await foo.next('NOTIFY')).body).toContain('200 OK');
    await call.ended;
    await third.hangup();
    await taken.ended;
    await over(service);
  });

  test('of which no news is wanted has none', async () => {
    const { service, phones } = await setUp();
    const { foo, bar, baz } = phones;
    const [call, taken] = await talk(foo, '2', bar);
    const accepted = await refer(taken, '<sip:3@127.0.0.1>', [['Refer-Sub', 'false']]);
    expect([accepted.status, accepted.header('Refer-Sub')]).toEqual([202, 'false']);
    const third = await baz.called();
    await third.answer();
    await taken.ended;
    expect(bar.log.some(({ text }) => text.startsWith('NOTIFY'))).toBe(false);
    await call.hangup();
    await third.ended;
    await over(service);
  });

  test('to whom nobody answers is told as failed, and both are hung up', async () => {
    const { service, phones } = await setUp();
    const { foo, bar, baz } = phones;
    const [call, taken] = await talk(foo, '2', bar);
    await refer(taken, '<sip:3@127.0.0.1>');
    (await baz.called()).reject(486);
    expect(await notified(bar)).toEqual(['SIP/2.0 100 Trying active', 'SIP/2.0 503 Service Unavailable terminated']);
    await Promise.all([call.ended, taken.ended]);
    await over(service);
  });

  test.each(['the transferer', 'the transferee'])(
    'goes on or ends rightly when %s hangs up in the middle',
    async (who) => {
      const { service, phones } = await setUp();
      const { foo, bar, baz } = phones;
      const [call, taken] = await talk(foo, '2', bar);
      await refer(taken, '<sip:3@127.0.0.1>');
      const third = await baz.called();
      third.progress(180);
      if (who === 'the transferer') {
        await taken.hangup();
        await third.answer();
        await call.hangup();
        await third.ended;
      } else {
        await call.hangup();
        expect((await notified(bar)).at(-1)).toBe('SIP/2.0 503 Service Unavailable terminated');
        await taken.ended;
        await baz.next('CANCEL');
      }
      await over(service);
    },
  );

  test('leads into an application, whose bridge and end are told to the one before', async () => {
    const { service, phones } = await setUp();
    const { foo, bar } = phones;
    const hello = await service.application('hello');
    const [call, taken] = await talk(foo, '2', bar);
    await refer(taken, '<sip:100@127.0.0.1>');
    expect(await hello.next('StasisStart')).toMatchObject({ channel: named('foo') });
    expect(await notified(bar)).toEqual(SUCCESS);
    await taken.ended;
    await call.hangup();
    await hello.next('StasisEnd');
    await over(service);
  });
});

test('the core transfers out of an application, too, and tells it in order', async () => {
  const { service, phones } = await setUp();
  const { foo, bar, baz } = phones;
  const hello = await service.application('hello');
  const arrive = async (phone: Telephone): Promise<[Call, string]> => {
    const call = phone.call({ to: '100' });
    const { channel } = (await hello.next('StasisStart')) as unknown as { channel: { id: string } };
    await service.rest('POST', `/channels/${channel.id}/answer`);
    return [call, channel.id];
  };
  const [[first, fooId], [second, barId]] = [await arrive(foo), await arrive(bar)];
  await service.rest('POST', '/bridges/one');
  expect((await service.rest('POST', '/bridges/one/addChannel', { channel: `${fooId},${barId}` })).status).toBe(204);
  await hello.take();
  await refer(first, '<sip:3@127.0.0.1>');
  const third = await baz.called();
  await third.answer();
  expect(await notified(foo)).toEqual(SUCCESS);
  await first.ended;
  await expect.poll(() => [talksTo(bar), talksTo(baz)]).toEqual(['baz', 'bar']);
  const told = (await hello.take()).map((event) => {
    const channel = (event['transferee'] ?? event['channel']) as { name: string } | undefined;
    return `${event.type} ${channel?.name.slice('PJSIP/'.length, -'-00000000'.length)}`;
  });
  expect(told.filter((each) => /Transfer|Bridge|Stasis/.test(each))).toEqual([
    ...['BridgeBlindTransfer bar', 'ChannelLeftBridge bar', 'StasisEnd bar'],
    ...['ChannelLeftBridge foo', 'StasisEnd foo'],
  ]);
  await second.hangup();
  await third.ended;
  await service.rest('DELETE', '/bridges/one');
  await over(service);
});

describe('an attended transfer by the core', () => {
  test('brings together whom the transferer has called, one after the other', async () => {
    const { service, phones } = await setUp();
    const { foo, bar, baz } = phones;
    const watcher = await service.application('watcher', ['endpoint:PJSIP/bar']);
    const [first, taken] = await talk(foo, '2', bar);
    const [second, third] = await talk(foo, '3', baz);
    expect((await refer(first, replacing('3', await dialogOf(second)))).status).toBe(202);
    expect(await notified(foo)).toEqual(SUCCESS);
    await Promise.all([first.ended, second.ended]);
    expect([talksTo(bar), talksTo(baz)]).toEqual(['baz', 'bar']);
    expect(await watcher.next('BridgeAttendedTransfer')).toMatchObject({
      ...{ transferer_first_leg: named('foo'), transferer_second_leg: named('foo') },
      ...{ transferee: named('bar'), transfer_target: named('baz') },
      ...{ result: 'Success', destination_type: 'bridge' },
    });
    await taken.hangup();
    await third.ended;
    await over(service);
  });

  test('puts the transferee into the place that the second call has in an application', async () => {
    const { service, phones } = await setUp();
    const { foo, bar } = phones;
    const hello = await service.application('hello');
    const [first, taken] = await talk(foo, '2', bar);
    const second = foo.call({ to: '100' });
    const { channel } = (await hello.next('StasisStart')) as unknown as { channel: { id: string } };
    await service.rest('POST', `/channels/${channel.id}/answer`);
    await refer(first, replacing('100', await dialogOf(second)));
    expect(await notified(foo)).toEqual(SUCCESS);
    await Promise.all([first.ended, second.ended]);
    expect(await hello.next('BridgeAttendedTransfer')).toMatchObject({
      ...{ result: 'Success', destination_type: 'app', destination_application: 'hello' },
      replace_channel: { id: channel.id },
    });
    expect(await hello.next('StasisStart')).toMatchObject({
      channel: named('bar'),
      replace_channel: { id: channel.id },
    });
    expect(await hello.next('StasisEnd')).toMatchObject({ channel: { id: channel.id } });
    await taken.hangup();
    await hello.next('StasisEnd');
    await over(service);
  });

  test('to a call that is none of ours is a blind one, which hands on whom to replace', async () => {
    const { service, phones } = await setUp();
    const { foo, bar, baz } = phones;
    const [call, taken] = await talk(foo, '2', bar);
    const elsewhere = 'elsewhere@x;to-tag=a;from-tag=b';
    await refer(taken, replacing('3', elsewhere));
    const third = await baz.called();
    expect(third.invite.header('Replaces')).toBe(elsewhere);
    await third.answer();
    expect(await notified(bar)).toEqual(SUCCESS);
    await call.hangup();
    await Promise.all([taken.ended, third.ended]);
    await over(service);
  });
});

describe('a transfer that the application decides', () => {
  async function asked(): Promise<{ service: Service; hello: AriApp; foo: Telephone; call: Call; path: string }> {
    const { service, phones } = await setUp();
    const { foo } = phones;
    const hello = await service.application('hello');
    const call = foo.call({ to: '100' });
    const { channel } = (await hello.next('StasisStart')) as unknown as { channel: { id: string } };
    const path = `/channels/${channel.id}`;
    await service.rest('POST', `${path}/answer`);
    await call.answered;
    const handling = { variable: 'PJSIP_TRANSFER_HANDLING()', value: 'ari-only' };
    expect((await service.rest('POST', `${path}/variable`, handling)).status).toBe(204);
    expect((await service.rest('POST', `${path}/transfer_progress`, { states: 'channel_answered' })).status).toBe(409);
    return { service, hello, foo, call, path };
  }

  test.each([
    ['channel_answered', '200 OK'],
    ['channel_unavailable', '503 Service Unavailable'],
    ['channel_declined', '603 Decline'],
  ])('is told by an event, and %s as %s', async (state, line) => {
    const { service, hello, foo, call, path } = await asked();
    expect((await refer(call, '<sip:3@127.0.0.1>')).status).toBe(202);
    expect(await hello.next('ChannelTransfer')).toEqual(
      expect.objectContaining({
        refer_to: { requested_destination: { destination: '3' } },
        referred_by: { source_channel: expect.objectContaining(named('foo')) },
      }),
    );
    for (const states of ['channel_progress', state])
      expect((await service.rest('POST', `${path}/transfer_progress`, { states })).status).toBe(204);
    expect(await notified(foo)).toEqual(['SIP/2.0 100 Trying active', `SIP/2.0 ${line} terminated`]);
    expect((await hello.next('ChannelTransfer'))['state']).toBe('channel_progress');
    expect((await hello.next('ChannelTransfer'))['state']).toBe(state);
    expect((await service.rest('POST', `${path}/transfer_progress`, { states: state })).status).toBe(409);
    await call.hangup();
    await hello.next('StasisEnd');
    await over(service);
  });

  test('to a call of ours shows which, and leaving without a decision is told as 503', async () => {
    const { service, hello, foo, call, path } = await asked();
    const second = foo.call({ to: '100' });
    const { channel } = (await hello.next('StasisStart')) as unknown as { channel: { id: string } };
    await service.rest('POST', `/channels/${channel.id}/answer`);
    const dialog = await dialogOf(second);
    await refer(call, replacing('100', dialog), [['Refer-Sub', 'true']]);
    const [, to, from] = /to-tag=(.*);from-tag=(.*)/.exec(dialog)!;
    expect((await hello.next('ChannelTransfer'))['refer_to']).toEqual({
      requested_destination: {
        protocol_id: second.id,
        additional_protocol_params: [
          { parameter_name: 'from', parameter_value: from },
          { parameter_name: 'to', parameter_value: to },
        ],
      },
      destination_channel: expect.objectContaining({ id: channel.id }) as unknown,
    });
    await service.rest('POST', `${path}/continue`, { context: 'default', extension: '100' });
    expect((await hello.next('ChannelTransfer'))['state']).toBe('channel_unavailable');
    expect(await notified(foo)).toEqual(['SIP/2.0 503 Service Unavailable terminated']);
    await Promise.all([call.hangup(), second.hangup()]);
    await hello.next('StasisEnd', ({ channel: gone }) => (gone as { id: string }).id === channel.id);
  });
});
