// The registrar: each rule by what is answered and what is registered afterwards.
import { describe, expect, test } from 'vitest';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import type { Incoming } from '../../support/fake-stack.ts';
import { startPjsip } from '../../support/pjsip.ts';
import { listed, register } from '../../support/register.ts';
import { configOf, holds, open, type Rule } from './registrar-rule.ts';

const A = 'sip:foo@192.0.2.1';
const B = 'sip:foo@192.0.2.2';
const C = 'sip:foo@192.0.2.3';
const expires = (value: string): SipHeader => ['Expires', value];

const rules: Readonly<Record<string, Rule>> = {
  'a contact is kept for the time that it asks for': {
    asked: [register(`<${A}>;expires=120`)],
    status: 200,
    contacts: [`${A} 120`],
  },
  'the header counts where the contact says nothing': {
    asked: [register(`<${A}>`, { headers: [expires('90')] })],
    status: 200,
    contacts: [`${A} 90`],
    headers: { Expires: '90', Date: 'Tue, 14 Nov 2023 22:13:20 GMT' },
  },
  'the default counts where nothing is said': { asked: [register(`<${A}>`)], status: 200, contacts: [`${A} 3600`] },
  'the default counts where nonsense is said': {
    asked: [register(`<${A}>;expires=soon`)],
    status: 200,
    contacts: [`${A} 3600`],
  },
  'too short a time is lengthened, never refused': {
    asked: [register(`<${A}>`, { headers: [expires('1')] })],
    status: 200,
    contacts: [`${A} 60`],
    headers: { Expires: '60' },
  },
  'too long a time is shortened': {
    asked: [register(`<${A}>;expires=99999999999999999999`)],
    status: 200,
    contacts: [`${A} 7200`],
  },
  'several contacts come in one line or in many': {
    asked: [register([`<${A}>, <${B}>;expires=60`, C])],
    status: 200,
    contacts: [`${A} 3600`, `${B} 60`, `${C} 3600`],
  },
  'a refresh by an equal URI, however it is written, keeps one contact': {
    asked: [register(`<${A}>`), register('<sip:%66oo@192.0.2.1;new=1>;expires=60')],
    status: 200,
    contacts: ['sip:%66oo@192.0.2.1;new=1 60'],
  },
  'two equal URIs in one request are one contact': {
    asked: [register([`<${A};x=1>;expires=60`, `<${A};y=1>;expires=90`])],
    status: 200,
    contacts: [`${A};y=1 90`],
  },
  'a contact goes when it says 0': {
    asked: [register([A, B]), register(`<${A}>;expires=0`)],
    status: 200,
    contacts: [`${B} 3600`],
  },
  'one that is not there may go': { asked: [register(`<${A}>;expires=0`)], status: 200, contacts: [] },
  'all go with a star': {
    asked: [register([A, B]), register('*', { headers: [expires('0')] })],
    status: 200,
    contacts: [],
    headers: { Expires: '0' },
  },
  'a star needs Expires: 0': { asked: [register(A), register('*')], status: 400, contacts: [`${A} 3600`] },
  'a star stands alone': {
    asked: [register(A), register(['*', B], { headers: [expires('0')] })],
    status: 400,
    contacts: [`${A} 3600`],
  },
  'a malformed contact is refused, and the others with it': {
    asked: [register([A, '<sip:foo@>'])],
    status: 400,
    contacts: [],
  },
  'a contact of another scheme is passed over': {
    asked: [register(['<tel:+123>', A])],
    status: 200,
    contacts: [`${A} 3600`],
  },
  'a registration of another scheme is refused': {
    asked: [register(A, { to: '<tel:+123>' })],
    status: 416,
    contacts: [],
  },
  'a malformed To is refused': { asked: [register(A, { to: '<sip:foo@>' })], status: 400, contacts: [] },
  'nobody registers for someone else': {
    asked: [register(A, { to: '<sip:bar@127.0.0.1>' })],
    status: 404,
    contacts: [],
  },
  'nobody registers where nobody may': { aor: { contact: B }, asked: [register(A)], status: 403, contacts: [] },
  'too many contacts are refused': {
    aor: { max_contacts: 2 },
    asked: [register([A, B]), register(C)],
    status: 403,
    contacts: [`${A} 3600`, `${B} 3600`],
  },
  'one may come where another goes': {
    aor: { max_contacts: 1 },
    asked: [register(A), register([`<${A}>;expires=0`, `<${B}>`])],
    status: 200,
    contacts: [`${B} 3600`],
  },
  'static contacts do not count, and are listed last': {
    aor: { max_contacts: 1, contact: 'sip:z@192.0.2.9' },
    asked: [register(A)],
    status: 200,
    contacts: [`${A} 3600`, 'sip:z@192.0.2.9 static'],
  },
  'remove_existing makes room: those closest to their end go': {
    aor: { max_contacts: 2, remove_existing: true },
    asked: [register([`<${A}>;expires=900`, `<${B}>;expires=600`]), register(`<${C}>;expires=60`)],
    status: 200,
    contacts: [`${A} 900`, `${C} 60`],
  },
  'remove_existing does not make room for more than there may be': {
    aor: { max_contacts: 1, remove_existing: true },
    asked: [register(C), register([A, B])],
    status: 403,
    contacts: [`${C} 3600`],
  },
  'what is required and not there is named': {
    asked: [register(A, { headers: [['Require', 'gruu, path']] })],
    status: 420,
    contacts: [],
    headers: { Unsupported: 'gruu, path' },
  },
  'Path is not kept unless it is supported': {
    asked: [register(A, { headers: [['Path', '<sip:p@192.0.2.7;lr>']] })],
    status: 200,
    contacts: [`${A} 3600`],
  },
  'a Path of which the telephone knows nothing is refused': {
    aor: { max_contacts: 1, support_path: true },
    asked: [register(A, { headers: [['Path', '<sip:p@192.0.2.7;lr>']] })],
    status: 420,
    contacts: [],
    headers: { Unsupported: 'path' },
  },
  'a Path that is supported is confirmed': {
    aor: { max_contacts: 1, support_path: true },
    asked: [
      register(A, {
        headers: [
          ['Require', 'path'],
          ['Supported', 'outbound, path'],
          ['Path', '<sip:p@192.0.2.7;lr>'],
        ],
      }),
    ],
    status: 200,
    contacts: [`${A} 3600`],
    headers: { Path: '<sip:p@192.0.2.7;lr>' },
  },
  'the same request again changes nothing': {
    asked: [`<${A}>;expires=600`, `<${A}>;expires=0`].map((each) =>
      register(each, {
        headers: [
          ['Call-ID', 'x'],
          ['CSeq', '7 REGISTER'],
        ],
      }),
    ),
    status: 200,
    contacts: [`${A} 600`],
  },
  'an older request changes nothing': {
    asked: ['8', '7'].map((cseq) =>
      register(cseq === '8' ? `<${A}>;expires=600` : '*', {
        headers: [['Call-ID', 'x'], ['CSeq', `${cseq} REGISTER`], expires('0')],
      }),
    ),
    status: 200,
    contacts: [`${A} 600`],
  },
  'a lower number in another call is a change': {
    asked: ['8', '7'].map((cseq) => register(`<${A}>;expires=${cseq}00`, { headers: [['CSeq', `${cseq} REGISTER`]] })),
    status: 200,
    contacts: [`${A} 700`],
  },
  'a request without a usable CSeq is refused': {
    asked: [register(A, { headers: [['CSeq', 'one REGISTER']] })],
    status: 400,
    contacts: [],
  },
};

describe('a rule', () => {
  test.each(Object.entries(rules))('%s', (_, rule) => holds(rule));

  test('an endpoint without addresses of record registers nowhere', async () => {
    const { ask } = await startPjsip({ endpoint: { foo: {} } });
    expect((await ask(register(A))).status).toBe(403);
  });

  test('the credentials say which address of record is meant, where the endpoint is recognised by them', async () => {
    const by = (username: string): Incoming =>
      register(A, { headers: [['Authorization', `Digest username="${username}", realm="asterisk"`]] });
    const { ask } = await startPjsip({
      endpoint: { trunk: { aors: 'two', identify_by: 'ip,auth_username' } },
      aor: { two: open },
      identify: { trunk: { endpoint: 'trunk', match: '127.0.0.1' } },
    });
    expect((await ask(by('two'))).status).toBe(200);
    expect((await ask(by('one'))).status).toBe(404);
  });
});

test('contacts are listed in the order that Asterisk gives them', async () => {
  const { ask } = await startPjsip(configOf(open));
  await ask(register('<sip:bar@127.0.0.1:5262>;expires=60'));
  expect(listed(await ask(register('<sip:bar@127.0.0.1:5299>;expires=60')))).toEqual([
    'sip:bar@127.0.0.1:5299 60',
    'sip:bar@127.0.0.1:5262 60',
  ]);
});
