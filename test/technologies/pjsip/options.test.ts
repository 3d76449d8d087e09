// OPTIONS: what is told of us, and of whom it is asked for.
import { expect, test } from 'vitest';
import type { Incoming } from '../../support/fake-stack.ts';
import { startPjsip } from '../../support/pjsip.ts';

const foo = (more: Partial<Incoming> = {}): Incoming => ({
  method: 'OPTIONS',
  headers: [['From', '<sip:foo@127.0.0.1>;tag=1']],
  ...more,
});

const config = { endpoint: { foo: { aors: 'foo' } }, aor: { foo: { support_path: true } } };
const contexts = { default: { _1XX: { app: 'hello', args: [] } } };

test.each<[string, number]>([
  ['sip:127.0.0.1', 200],
  ['sip:100@127.0.0.1', 200],
  ['sip:10@127.0.0.1', 404],
  ['sip:nobody@127.0.0.1', 404],
  ['tel:100', 416],
  ['sip:@', 400],
])('for %s is answered %i', async (uri, status) => {
  const { ask } = await startPjsip(config, { contexts });
  expect((await ask(foo({ uri }))).status).toBe(status);
});

test('tells what can be asked, what is read and what is supported', async () => {
  const { ask } = await startPjsip(config);
  const { headers } = await ask(foo());
  expect(headers.get('Allow')).toBe(
    'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, MESSAGE, INFO, UPDATE, PRACK, REFER, NOTIFY',
  );
  expect(headers.get('Accept')).toContain('application/sdp');
  expect(headers.get('Supported')).toBe('path, 100rel, timer, replaces, norefersub, outbound');
  expect(headers.get('Server')).toBe('Arion');
});

test('within a dialog it is answered whoever is asked for', async () => {
  const { ask } = await startPjsip(config, { contexts });
  expect((await ask(foo({ uri: 'sip:nobody@127.0.0.1', dialogId: 'd' }))).status).toBe(200);
});
