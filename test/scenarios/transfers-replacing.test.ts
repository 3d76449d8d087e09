// Calls that take the place of another one, and REFERs that are refused, over real sockets.
import { describe, expect, test } from 'vitest';
import type { Call, Telephone } from '../../scripts/demo/telephone.ts';
import { dialogOf, named, over, refer, setUp, talk, talksTo } from './transfers-room.ts';

describe('an INVITE with Replaces', () => {
  const invite = (telephone: Telephone, replaces: readonly string[]): Call =>
    telephone.call({ to: '777', headers: replaces.map((each) => ['Replaces', each] as const) });

  test('takes the place of a call in its bridge', async () => {
    const { service, phones } = await setUp();
    const { foo, bar, baz } = phones;
    const [call, taken] = await talk(foo, '2', bar);
    const instead = invite(baz, [await dialogOf(call)]);
    expect((await instead.answered).status).toBe(200);
    await call.ended;
    expect([talksTo(bar), talksTo(baz)]).toEqual(['baz', 'bar']);
    await instead.hangup();
    await taken.ended;
    await over(service);
  });

  test('takes the place of a call in an application', async () => {
    const { service, phones } = await setUp();
    const { foo, baz } = phones;
    const hello = await service.application('hello');
    const call = foo.call({ to: '100' });
    const { channel } = (await hello.next('StasisStart')) as unknown as { channel: { id: string } };
    await service.rest('POST', `/channels/${channel.id}/answer`);
    const instead = invite(baz, [await dialogOf(call)]);
    expect((await instead.answered).status).toBe(200);
    expect(await hello.next('StasisStart')).toMatchObject({
      channel: named('baz'),
      replace_channel: { id: channel.id },
    });
    expect(await hello.next('StasisEnd')).toMatchObject({ channel: { id: channel.id } });
    await call.ended;
    await instead.hangup();
    await hello.next('StasisEnd');
    await over(service);
  });

  test.each([
    ['of a call that there is not', () => ['x@y;to-tag=1;from-tag=2'], 481],
    ['that cannot be read', () => ['x@y;to-tag=1'], 400],
    ['twice', (dialog: string) => [dialog, dialog], 400],
    ['of one that must not be answered yet', (dialog: string) => [`${dialog};early-only`], 486],
    [
      'with its tags the wrong way round',
      (dialog: string) => [dialog.replace('to-', 'x-').replace('from-', 'to-').replace('x-', 'from-')],
      481,
    ],
  ])('%s is refused', async (_, replaces, status) => {
    const { service, phones } = await setUp();
    const { foo, bar, baz } = phones;
    const [call, taken] = await talk(foo, '2', bar);
    expect((await invite(baz, replaces(await dialogOf(call))).answered).status).toBe(status);
    await call.hangup();
    await taken.ended;
    await over(service);
  });
});

describe('a REFER', () => {
  test.each([
    ['without Refer-To', [], 400],
    ['to what is no SIP address', [['Refer-To', '<tel:3>']], 400],
    [
      'to two',
      [
        ['Refer-To', '<sip:3@x>'],
        ['Refer-To', '<sip:2@x>'],
      ],
      400,
    ],
    ['with a Replaces that cannot be read', [['Refer-To', '<sip:3@x?Replaces=nothing>']], 400],
  ] as const)('%s is refused', async (_, headers, status) => {
    const { service, phones } = await setUp();
    const [call, taken] = await talk(phones.foo, '2', phones.bar);
    expect((await call.request('REFER', headers)).status).toBe(status);
    await call.hangup();
    await taken.ended;
    await over(service);
  });

  test('is refused when the endpoint must not transfer, or when another one is under way', async () => {
    const { service, phones } = await setUp();
    const { foo, bar, baz } = phones;
    const [strict, with1] = await talk(await service.telephone('strict'), '2', bar);
    expect((await refer(strict, '<sip:3@x>')).status).toBe(603);
    await strict.hangup();
    await with1.ended;
    const [call, with2] = await talk(foo, '2', bar);
    await refer(call, '<sip:3@x>');
    expect((await refer(call, '<sip:3@x>')).status).toBe(491);
    await (await baz.called()).answer();
    await call.ended;
    await with2.hangup();
    expect((await foo.request({ method: 'REFER', to: 'x', headers: [['Refer-To', '<sip:3@x>']] })).status).toBe(481);
  });
});
