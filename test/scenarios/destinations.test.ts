// Every form of a message's destination, from REST to the Request-URI that a telephone reads.
import { expect, test } from 'vitest';
import { startService, type Service } from '../support/service.ts';

const pjsip = `
global: { default_outbound_endpoint: carrier }
endpoint:
  foo: { aors: [ foo, desk ], from_domain: foo.example }
  carrier: { from_user: outside, from_domain: carrier.example }
aor: { foo: { max_contacts: 1 }, desk: { max_contacts: 1 } }`;

async function setUp() {
  const service: Service = await startService({ pjsip, contexts: 'default: {}', messages: 'store: false' });
  const foo = await service.telephone('foo');
  await foo.register();
  const at = `127.0.0.1:${foo.address.port}`;
  const send = (to: string) =>
    service.rest('PUT', '/endpoints/sendMessage', { to: to.replace('HERE', at), body: 'hi' });
  return { foo, at, send };
}

test.each([
  ['pjsip:foo', 'sip:foo@HERE', 'foo@foo.example', "an endpoint's name: its first contact"],
  ['pjsip:foo/foo', 'sip:foo@HERE', 'foo@foo.example', 'an endpoint and one of its addresses of record'],
  ['pjsip:foo/sip:other@HERE', 'sip:other@HERE', 'foo@foo.example', 'an endpoint and a URI'],
  ['pjsip:foo/other@HERE', 'sip:other@HERE', 'foo@foo.example', 'an endpoint and a user at a host'],
  ['pjsip:PJSIP/5551212@foo', 'sip:5551212@HERE', 'foo@foo.example', "a user at an endpoint's contact"],
  ['pjsip:foo@anywhere.example', 'sip:foo@HERE', 'foo@foo.example', 'an endpoint at a host that is passed over'],
  ['pjsip:HERE', 'sip:HERE', 'outside@carrier.example', 'one token that is no endpoint: a host'],
  ['pjsip:someone@HERE', 'sip:someone@HERE', 'outside@carrier.example', 'a user at a host'],
  ['pjsip:sip:someone@HERE', 'sip:someone@HERE', 'outside@carrier.example', 'a URI'],
  ['pjsip:"Some One" <sip:someone@HERE>', 'sip:someone@HERE', 'outside@carrier.example', 'a name and a URI'],
])('%s leads to %s, from %s: %s', async (to, uri, from) => {
  const { foo, at, send } = await setUp();
  expect((await send(to)).status).toBe(202);
  const message = await foo.nextMessage();
  expect(message.startLine).toBe(`MESSAGE ${uri.replace('HERE', at)} SIP/2.0`);
  expect(message.header('From')).toContain(`<sip:${from}>`);
});

test.each([
  ['pjsip:foo/desk', 'an address of record that nobody registered'],
  ['pjsip:carrier', 'an endpoint without a contact'],
  ['pjsip:nobody/sip:x@HERE', 'an endpoint that does not exist'],
  ['pjsip:', 'nothing'],
  ['sip:foo@HERE', 'a scheme that no technology has'],
])('%s leads nowhere: %s', async (to) => {
  const { send } = await setUp();
  expect(await send(to)).toMatchObject({
    status: 404,
    body: { message: expect.any(String), code: expect.any(String) },
  });
});
