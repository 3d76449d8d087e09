// The registrar over real sockets: each rule by what goes over the wire, and what remains of it.
import { describe, expect, test } from 'vitest';
import type { SipText, Telephone } from '../../scripts/demo/telephone.ts';
import { startService } from '../support/service.ts';

type Lines = [name: string, value: string][];

const pjsip = `
endpoint:
  foo: { auth: foo, aors: [ foo, "far@example.org" ] }
  none: { auth: none }
  bare: { aors: bare }
  closed: { auth: closed, aors: closed }
  one: { auth: one, aors: one }
  room: { auth: room, aors: room }
  way: { auth: way, aors: way }
  nat: { auth: nat, aors: nat, rewrite_contact: yes }
  walled: { auth: walled, aors: walled, contact_deny: 0.0.0.0/0, contact_permit: 127.0.0.1 }
auth:
${['foo', 'none', 'closed', 'one', 'room', 'way', 'nat', 'walled'].map((each) => `  ${each}: { username: ${each}, password: ${each}-secret }`).join('\n')}
aor:
  foo: { max_contacts: 5, contact: "sip:fixed@127.0.0.1:9" }
  far@example.org: { max_contacts: 1 }
  closed: { max_contacts: 0 }
  one: { max_contacts: 1 }
  bare: { max_contacts: 1 }
  room: { max_contacts: 1, remove_existing: yes }
  way: { max_contacts: 5, support_path: yes }
  nat: { max_contacts: 5 }
  walled: { max_contacts: 5 }
domain_alias: { sip.example.org: { domain: example.org } }`;

interface Rule {
  readonly user: string;
  /** Headers of each REGISTER; the last one is the rule. */
  readonly asked: readonly Lines[];
  readonly to?: string;
  readonly uri?: string;
  readonly status: number;
  /** Contacts of the answer, without what is left of their time. */
  readonly contacts?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

const contact = (value: string): [string, string] => ['Contact', value];
const expires = (value: string): [string, string] => ['Expires', value];
const A = 'sip:a@127.0.0.1:7001';
const B = 'sip:b@127.0.0.1:7002';
const INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000a95a0e128>"';

const rules: Readonly<Record<string, Rule>> = {
  '200, with all contacts, the static ones too': {
    ...{ user: 'foo', asked: [[contact(`<${A}>`)], [contact(`<${B}>`)]], status: 200 },
    contacts: [`<${A}>`, `<${B}>`, '<sip:fixed@127.0.0.1:9>'],
  },
  '200 to one that only asks': { user: 'foo', asked: [[]], status: 200, contacts: ['<sip:fixed@127.0.0.1:9>'] },
  '200 to a refresh by an equal URI': {
    user: 'one',
    asked: [[contact(`<${A}>`)], [contact('<sip:%61@127.0.0.1:7001;x=1>')]],
    ...{ status: 200, contacts: ['<sip:%61@127.0.0.1:7001;x=1>'] },
  },
  '200 to one that goes': {
    user: 'one',
    asked: [[contact(`<${A}>`)], [contact(`<${A}>;expires=0`)]],
    ...{ status: 200, contacts: [] },
  },
  '200 to all that go': {
    user: 'one',
    asked: [[contact(`<${A}>`)], [contact('*'), expires('0')]],
    ...{ status: 200, contacts: [], headers: { Expires: '0' } },
  },
  '200 with the time raised to the least': {
    user: 'one',
    asked: [[contact(`<${A}>`), expires('1')]],
    ...{ status: 200, headers: { Expires: '60' } },
  },
  '200 with the time lowered to the most': {
    user: 'one',
    asked: [[contact(`<${A}>`), expires('100000')]],
    ...{ status: 200, headers: { Expires: '7200' } },
  },
  '200 to one for whom another makes room': {
    user: 'room',
    asked: [[contact(`<${A}>`)], [contact(`<${B}>`)]],
    ...{ status: 200, contacts: [`<${B}>`] },
  },
  '200 by the domain of the address of record': {
    ...{ user: 'foo', to: 'sip:far@example.org', asked: [[contact(`<${A}>`)]], status: 200, contacts: [`<${A}>`] },
  },
  '200 by another name of that domain': {
    ...{ user: 'foo', to: 'sip:far@sip.example.org', asked: [[contact(`<${A}>`)]], status: 200, contacts: [`<${A}>`] },
  },
  '200 with the Path that was kept': {
    user: 'way',
    asked: [[contact(`<${A}>`), ['Path', '<sip:p@127.0.0.1:9;lr>'], ['Supported', 'path']]],
    ...{ status: 200, headers: { Path: '<sip:p@127.0.0.1:9;lr>' } },
  },
  '200 with outbound, where the telephone knows of it': {
    user: 'one',
    asked: [[contact(`<${A}>;${INSTANCE};reg-id=1`), ['Supported', 'outbound']]],
    ...{ status: 200, contacts: [`<${A}>;${INSTANCE};reg-id=1`], headers: { Require: 'outbound' } },
  },
  '200 with what the telephone wrote, though it is reached elsewhere': {
    ...{ user: 'nat', asked: [[contact('<sip:x@10.0.0.9:4000>')]], status: 200, contacts: ['<sip:x@10.0.0.9:4000>'] },
  },
  '400 to a malformed contact': { user: 'one', asked: [[contact('<sip:>')]], status: 400 },
  '400 to a star that does not say 0': { user: 'one', asked: [[contact('*'), expires('60')]], status: 400 },
  '400 to a star with another contact': { user: 'one', asked: [[contact(`*, <${A}>`), expires('0')]], status: 400 },
  '400 to several flows at once': {
    user: 'way',
    asked: [[contact(`<${A}>;${INSTANCE};reg-id=1, <${B}>;${INSTANCE};reg-id=2`), ['Supported', 'outbound']]],
    status: 400,
  },
  '403 without an address of record': { user: 'none', asked: [[contact(`<${A}>`)]], status: 403 },
  '403 where nobody may register': { user: 'closed', asked: [[contact(`<${A}>`)]], status: 403 },
  '403 to too many contacts': { user: 'one', asked: [[contact(`<${A}>`)], [contact(`<${B}>`)]], status: 403 },
  '403 to a contact that may not be': { user: 'walled', asked: [[contact('<sip:x@192.0.2.1>')]], status: 403 },
  '404 to the address of record of another': {
    ...{ user: 'one', to: 'sip:foo@127.0.0.1', asked: [[contact(`<${A}>`)]], status: 404 },
  },
  '416 to one that is no SIP URI': { user: 'one', to: 'tel:+123', uri: 'sip:127.0.0.1', asked: [[]], status: 416 },
  '420 to a Path that the telephone did not ask for': {
    user: 'way',
    asked: [[contact(`<${A}>`), ['Path', '<sip:p@127.0.0.1:9;lr>']]],
    ...{ status: 420, headers: { Unsupported: 'path' } },
  },
  '420 to an extension that is not there': {
    user: 'one',
    asked: [[contact(`<${A}>`), ['Require', 'gruu']]],
    ...{ status: 420, headers: { Unsupported: 'gruu' } },
  },
  '439 through a proxy that does not know of flows': {
    user: 'bare',
    asked: [
      [
        contact(`<${A}>;${INSTANCE};reg-id=1`),
        ['Supported', 'outbound'],
        ['Via', 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKfar'],
      ],
    ],
    status: 439,
  },
};

const plain = (answer: SipText): string[] =>
  answer
    .headers('Contact')
    .flatMap((each) => each.split(', '))
    .map((each) => each.replace(/;expires=\d+/, ''));

/** Via is a header that the telephone would leave out for ours; the one given comes below its own. */
function withVia(telephone: Telephone, lines: Lines): Lines {
  const { host, port } = telephone.address;
  const own: [string, string] = ['Via', `SIP/2.0/UDP ${host}:${port};branch=z9hG4bK${Math.random()};rport`];
  return lines.some(([name]) => name === 'Via') ? [own, ...lines] : lines;
}

describe('a REGISTER is answered', () => {
  test.each(Object.entries(rules))('%s', async (_, { user, asked, to = user, uri, status, contacts, headers = {} }) => {
    const service = await startService({ pjsip });
    const telephone = await service.telephone(user);
    let answer: SipText | undefined;
    for (const lines of asked)
      answer = await telephone.request({
        ...{ method: 'REGISTER', to, uri: uri ?? 'sip:127.0.0.1', headers: withVia(telephone, lines) },
      });
    expect(answer!.status).toBe(status);
    if (contacts !== undefined) expect(plain(answer!).toSorted()).toEqual(contacts.toSorted());
    if (status === 200) expect(answer!.header('Date')).toMatch(/GMT$/);
    for (const [name, value] of Object.entries(headers)) expect(answer!.header(name)).toBe(value);
  });
});
