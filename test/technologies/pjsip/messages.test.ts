// MESSAGE that comes: kept by the core first, then answered.
import { describe, expect, test } from 'vitest';
import type { IncomingMessage } from '../../../src/core/message.ts';
import { Fault, type FaultKind } from '../../../src/errors.ts';
import type { SipHeader, SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import type { Incoming } from '../../support/fake-stack.ts';
import { startPjsip } from '../../support/pjsip.ts';
import { NOW, room } from './messages-room.ts';
import { incoming } from './request.ts';

const plain: SipHeader = ['Content-Type', 'text/plain'];
const text = (given: Partial<Incoming> = {}) =>
  incoming({ method: 'MESSAGE', uri: 'sip:1001@127.0.0.1', headers: [plain], body: 'hi', ...given });

/** A promise that the test settles. */
function deferred<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let settle: (value: T) => void;
  const promise = new Promise<T>((resolve) => (settle = resolve));
  return { promise, resolve: (value) => settle(value) };
}

const refusing = (kind: FaultKind) => () => Promise.reject(new Fault(kind, 'no'));

describe('a MESSAGE that comes', () => {
  test('is given to the core with its sender, and accepted when it is kept', async () => {
    const kept = deferred<'accepted'>();
    const { service, from, came, metrics } = room({ receive: () => kept.promise });
    const { request, received } = text();
    const handled = service.handle(request, from('foo'));
    expect(came).toMatchObject([{ endpoint: { id: 'PJSIP/foo' }, scheme: 'pjsip', text: { body: 'hi' } }]);
    expect([received.answers, metrics().waiting]).toEqual([[], 1]);
    kept.resolve('accepted');
    await handled;
    expect(received.answers.map(({ status }) => status)).toEqual([202]);
    expect(metrics().waiting).toBe(0);
  });

  test('is answered 200 when who it is for has it already', async () => {
    const { service, from } = room({ receive: async () => 'relayed' });
    const { request, received } = text();
    await service.handle(request, from('foo'));
    expect((await received.final).status).toBe(200);
  });

  test('says by Call-ID and number which it is, and by the Request-URI for whom', async () => {
    const { service, from, came } = room();
    const headers: SipHeader[] = [plain, ['Call-ID', 'c@h'], ['CSeq', '0042 MESSAGE']];
    await service.handle(text({ headers, uri: 'sips:a%20b@h;x=y' }).request, from('foo'));
    await service.handle(text({ uri: 'sip:127.0.0.1' }).request, from('foo'));
    expect(came.map(({ key, recipient }) => [key, recipient])).toMatchObject(
      [
        ['c@h 42', 'a b'],
        [/ 1$/, ''],
      ].map(([key, recipient]) => [key instanceof RegExp ? expect.stringMatching(key) : key, recipient]),
    );
  });

  test.each<[name: string, headers: SipHeader[], expiresAt: number | undefined]>([
    ['never without Expires', [['Date', 'Thu, 01 Jan 2026 00:00:00 GMT']], undefined],
    ['from now on without a Date', [['Expires', '10']], NOW + 10_000],
    [
      'from its Date on',
      [
        ['Expires', '60'],
        ['Date', 'Fri, 02 Jan 2026 03:04:00 GMT'],
      ],
      NOW + 55_000,
    ],
    [
      'when it is over already',
      [
        ['Expires', '1'],
        ['Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
      ],
      Date.UTC(2026, 0, 1, 0, 0, 1),
    ],
    [
      'from now on with a Date that cannot be read',
      [
        ['Expires', '0'],
        ['Date', '1 January'],
      ],
      NOW,
    ],
    ['never with an Expires that cannot be read', [['Expires', 'soon']], undefined],
  ])('is of no use any more: %s', async (_, headers, expiresAt) => {
    const { service, from, came } = room();
    await service.handle(text({ headers: [plain, ...headers] }).request, from('foo'));
    expect(came[0]!.expiresAt).toBe(expiresAt);
  });

  test('reaches the core in the order of arrival, though an earlier one is not kept yet', async () => {
    const kept = deferred<'accepted'>();
    const { service, from, came } = room({ receive: () => kept.promise });
    const all = ['1', '2', '3'].map((body) => service.handle(text({ body }).request, from('foo')));
    expect(came.map(({ text: { body } }) => body)).toEqual(['1', '2', '3']);
    kept.resolve('accepted');
    await Promise.all(all);
  });

  test('that is kept and cannot be answered is told to the operator', async () => {
    const { service, from, logged } = room();
    const respond = refusing('conflict');
    await service.handle({ ...text().request, respond } satisfies SipRequest, from('foo'));
    expect(logged).toEqual(['warn: A MESSAGE could not be answered 202: no']);
  });

  test('is refused when too many wait', async () => {
    const { service, from, metrics } = room({ limit: 1, receive: () => new Promise(() => undefined) });
    void service.handle(text().request, from('foo'));
    await expect(service.handle(text().request, from('bar'))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(metrics()).toEqual({ waiting: 1, limit: 1, refused: 1 });
  });

  test.each<FaultKind>(['not-found', 'too-large', 'unavailable'])('is refused as the core says: %s', async (kind) => {
    const { service, from, metrics } = room({ receive: refusing(kind) });
    await expect(service.handle(text().request, from('foo'))).rejects.toMatchObject({ kind });
    expect(metrics().waiting).toBe(0);
  });

  test('of a type that the core refuses is told which are taken', async () => {
    const { service, from } = room({ receive: refusing('unsupported-media') });
    const { request, received } = text();
    await service.handle(request, from('foo'));
    const { status, headers } = await received.final;
    expect([status, headers.get('Accept')]).toEqual([415, 'text/plain, */*']);
  });

  test.each<[name: string, given: Partial<Incoming>]>([
    ['any text', { headers: [['Content-Type', 'text/html; charset=utf-8']] }],
    ['nothing, of no type', { headers: [], body: '' }],
    ['something of no type', { headers: [] }],
    ['what is no type', { headers: [['Content-Type', '?']] }],
    ['a picture', { headers: [['Content-Type', 'image/png']], body: 'iVBORw==', bodyEncoding: 'base64' }],
    ['several parts', { headers: [['Content-Type', 'multipart/mixed;boundary=b']], body: '--b\r\n\r\n--b--\r\n' }],
    ['what is compressed', { headers: [plain, ['Content-Encoding', 'gzip']], body: 'H4sI', bodyEncoding: 'base64' }],
    ['NUL', { body: 'a\0b' }],
    ['line breaks at its end', { body: ' a\r\n\r\n' }],
    ['64 KiB', { body: 'x'.repeat(65_536) }],
  ])('is taken whole, with %s', async (_, given) => {
    const { service, from, came } = room();
    const { request, received } = text(given);
    await service.handle(request, from('foo'));
    expect((await received.final).status).toBe(202);
    expect([came[0]!.text.body, came[0]!.text.encoding]).toEqual([request.body, given.bodyEncoding]);
  });

  test('to a telephone number is refused', async () => {
    const { service, from } = room();
    const { request, received } = text({ uri: 'tel:+15551234567' });
    await service.handle(request, from('foo'));
    expect((await received.final).status).toBe(416);
  });

  test('without an address that can be read is refused', async () => {
    const { service, from, came } = room();
    const { request } = text({ headers: [['From', 'x y z'], plain] });
    await expect(service.handle(request, from('foo'))).rejects.toMatchObject({ kind: 'invalid' });
    expect(came).toEqual([]);
  });

  test.each([
    [{ dialogId: 'd' }, 405],
    [{}, 481],
  ])('within a dialog is refused: %j', async (given, status) => {
    const { service } = room();
    const { request, received } = text(given);
    await service.handle(request, undefined);
    expect((await received.final).status).toBe(status);
  });

  test('within a dialog is left to the calls, who give it back with its sender', async () => {
    const { service, from, came } = room({ withinCall: (request) => service.handle(request, from('foo')) });
    const { request, received } = text({ dialogId: 'd' });
    await service.handle(request, undefined);
    expect((await received.final).status).toBe(202);
    expect(came).toMatchObject([{ endpoint: { id: 'PJSIP/foo' } }]);
  });
});

test('a MESSAGE comes the whole way whatever its bytes, and several of one sender in their order', async () => {
  const { core, stack } = await startPjsip({ endpoint: { foo: {} } });
  const came: IncomingMessage[] = [];
  core.messages.receive = async (given) => {
    came.push(given);
    return 'accepted';
  };
  const bodies = ['AA==', '/w==', 'AP8='];
  const all = bodies.map((body) =>
    stack.receive({ method: 'MESSAGE', headers: [['From', '<sip:foo@h>;tag=1']], body, bodyEncoding: 'base64' }),
  );
  for (const { final } of all) expect((await final).status).toBe(202);
  expect(came.map(({ text: { body, encoding } }) => [body, encoding])).toEqual(bodies.map((body) => [body, 'base64']));
});
