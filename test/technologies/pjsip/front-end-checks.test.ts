// What a request has to pass before anyone asks who sent it: its CSeq, the rules of addresses, its turn.
import { describe, expect, test } from 'vitest';
import type { Service } from '../../../src/technologies/pjsip/service.ts';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import type { Incoming } from '../../support/fake-stack.ts';
import { begin, from, service, statuses } from './front-end-room.ts';

describe('a CSeq', () => {
  test.each<[string, readonly SipHeader[], number]>([
    ['of the same method is right', [['CSeq', '2147483647 MESSAGE']], 200],
    ['of another method is 400', [['CSeq', '1 INVITE']], 400],
    ['that is in other letters is of another method', [['CSeq', '1 message']], 400],
    ['without a method is 400', [['CSeq', '1']], 400],
    ['without a number is 400', [['CSeq', 'MESSAGE']], 400],
    ['that is too high is 400', [['CSeq', '2147483648 MESSAGE']], 400],
    ['that is empty is 400', [['CSeq', '']], 400],
  ])('%s', async (_, headers, status) => {
    const { ask, services } = begin();
    services.register(service(['MESSAGE']));
    expect(statuses(await ask(from('foo', { method: 'MESSAGE', headers })))).toEqual([status]);
    expect(statuses(await ask(from('foo', { method: 'MESSAGE', headers, dialogId: 'd' })))).toEqual([status]);
  });
});

describe('an address that may not send', () => {
  test.each([
    ['by a rule for all', 'foo', '203.0.113.1', 'warn: An acl denies requests from 203.0.113.1:5999'],
    ['by another rule for all', 'foo', '198.51.100.1', 'warn: An acl denies requests from 198.51.100.1:5999'],
    ['by the rule of the endpoint', 'near', '192.0.2.1', 'warn: Endpoint near denies requests from 192.0.2.1:5999'],
  ])('%s is challenged like a stranger, and named once in the log', async (_, user, address, line) => {
    const { ask, services, logged } = begin();
    const taking = service(['MESSAGE']);
    services.register(taking);
    const attempt = () => ask(from(user, { method: 'MESSAGE', source: { address } }));
    expect(statuses(await attempt())).toEqual([401]);
    const [refused] = (await attempt()).answers;
    expect(logged).toEqual([line]);
    expect(taking.senders).toEqual([]);
    const [stranger] = (await ask(from('nobody', { method: 'MESSAGE' }))).answers;
    const shape = (answer: typeof stranger): string[] =>
      [...(answer?.headers ?? [])].map((each) => each.join(': ').replace(/nonce="[^"]*"/, ''));
    expect(shape(refused)).toEqual(shape(stranger));
    expect(statuses(await ask(from(user, { method: 'MESSAGE' })))).toEqual([200]);
  });
});

describe('requests', () => {
  /** Answers a request when it is told to, and says which are under way. */
  const held = () => {
    const begun: string[] = [];
    const going = new Map<string, () => void>();
    const handle: Service['handle'] = async ({ body, respond }) => {
      begun.push(body);
      await new Promise<void>((resolve) => going.set(body, resolve));
      await respond(200);
    };
    return { begun, handle, finish: (body: string) => going.get(body)?.() };
  };
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  test.each<[string, Partial<Incoming>, Partial<Incoming>]>([
    ['of one dialog', { dialogId: 'd' }, { dialogId: 'e' }],
    ['of one Call-ID and sender', { headers: [['Call-ID', 'c']] }, { headers: [['Call-ID', 'd']] }],
    [
      'of one sender and Call-ID',
      { headers: [['Call-ID', 'c']] },
      { headers: [['Call-ID', 'c']], source: { address: '127.0.0.2' } },
    ],
  ])('%s are done in order, others meanwhile', async (_, one, other) => {
    const { ask, services } = begin();
    const { begun, handle, finish } = held();
    services.register(service(['MESSAGE'], handle));
    const all = [
      ask(from('foo', { method: 'MESSAGE', ...one, body: 'first' })),
      ask(from('foo', { method: 'MESSAGE', ...one, body: 'second' })),
      ask(from('foo', { method: 'MESSAGE', ...other, body: 'other' })),
    ];
    await settle();
    expect(begun).toEqual(['first', 'other']);
    finish('first');
    await settle();
    expect(begun).toEqual(['first', 'other', 'second']);
    finish('second');
    finish('other');
    expect((await Promise.all(all)).map(statuses)).toEqual([[200], [200], [200]]);
  });

  test('that are too many for one dialog are 503 with Retry-After', async () => {
    const { ask, services } = begin(2);
    const { handle, finish } = held();
    services.register(service(['MESSAGE'], handle));
    const ended = service(['BYE']);
    services.register(ended);
    const [first, second] = ['first', 'second'].map((body) =>
      ask(from('foo', { method: 'MESSAGE', dialogId: 'd', body })),
    );
    const { answers } = await ask(from('foo', { method: 'MESSAGE', dialogId: 'd', body: 'third' }));
    expect(answers.map(({ status, headers }) => [status, headers.get('Retry-After')])).toEqual([[503, '10']]);
    // That the dialog has ended must not be lost.
    await ask(from('foo', { method: 'BYE', dialogId: 'd', isOwn: true }));
    expect(ended.senders).toHaveLength(1);
    await settle();
    finish('first');
    await first;
    await settle();
    finish('second');
    expect(statuses(await second!)).toEqual([200]);
  });
});
