// What is answered to an INVITE that becomes no call, in the order of the checks, and what we say of ourselves, over a real socket.
import { describe, expect, test } from 'vitest';
import { startService } from '../support/service.ts';
import { open, play, safe, shown, type Rule } from './rules.ts';
import { audioOffer } from '../../scripts/demo/call.ts';

const contact = ['Contact', '<sip:foo@127.0.0.1>'] as const;
const sdp = ['Content-Type', 'application/sdp'] as const;
const offer = audioOffer('127.0.0.1');

/** With an offer, unless it says something else. */
const invite = (rule: Omit<Rule, 'method'>): Rule => ({
  body: offer,
  ...rule,
  method: 'INVITE',
  headers: [contact, ...(rule.headers ?? [sdp])],
});

describe('INVITE', () => {
  const early = 'endpoint: { foo: { allow_overlap: no } }';
  const secure = offer.replace('RTP/AVP', 'RTP/SAVP');
  test.each(
    shown(
      [
        { rule: 'without credentials, whatever else is wrong with it', pjsip: safe, uri: 'tel:1001', status: 401 },
        {
          rule: 'that requires what is not supported, before its scheme is looked at',
          pjsip: open,
          uri: 'tel:1001',
          headers: [sdp, ['Require', 'fancy'] as const],
          status: 420,
        },
        { rule: 'of another scheme', pjsip: open, uri: 'tel:1001', status: 416 },
        { rule: 'for the beginning of an extension', pjsip: open, uri: 'sip:10@127.0.0.1', status: 484 },
        { rule: 'for such a one without overlap', pjsip: early, uri: 'sip:10@127.0.0.1', status: 404 },
        {
          rule: 'for no extension, before its body is looked at',
          pjsip: open,
          uri: 'sip:9@127.0.0.1',
          body: 'x',
          status: 404,
        },
        {
          rule: 'with a body of a type that is not supported',
          pjsip: open,
          headers: [['Content-Type', 'application/isup'] as const],
          body: 'x',
          status: 415,
        },
        { rule: 'without a codec that both have', pjsip: 'endpoint: { foo: { allow: g729 } }', status: 488 },
        { rule: 'with an offer that cannot be read', pjsip: open, body: 'v=0\r\n', status: 488 },
        { rule: 'with nothing but secure audio', pjsip: open, body: secure, status: 488 },
      ].map(invite),
    ),
  )('%s: %i', async (_, __, rule) => {
    const { answer } = await play(rule);
    if (rule.status === 420) expect(answer.header('Unsupported')).toBe('fancy');
    if (rule.status === 415) expect(answer.header('Accept')).toContain('application/sdp');
  });
});

test('a request of ours allows 70 hops, and like a response it names the product', async () => {
  const service = await startService({
    pjsip: `${open}\naor: { foo: { max_contacts: 1 } }`.replace('{}', '{ aors: foo }'),
  });
  const foo = await service.telephone('foo');
  expect((await foo.register()).header('Server')).toBe('Arion');
  await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { body: 'hello' });
  const message = await foo.nextMessage();
  expect([message.header('Max-Forwards'), message.header('User-Agent')]).toEqual(['70', 'Arion']);
});
