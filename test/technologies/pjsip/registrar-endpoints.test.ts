// The registrar: rules that the endpoint brings, and the order of requests.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { startPjsip } from '../../support/pjsip.ts';
import { listed, register } from '../../support/register.ts';
import { configOf, holds, open, type Rule } from './registrar-rule.ts';

const A = 'sip:foo@192.0.2.1';
const B = 'sip:foo@192.0.2.2';

const rules: Readonly<Record<string, Rule>> = {
  'a contact is where its request came from, if the endpoint is to be taken so, and is confirmed as it was written': {
    endpoint: { rewrite_contact: true },
    asked: [register('<sip:foo@10.0.0.9:4000;transport=udp;x=1>', { source: { address: '198.51.100.7', port: 6000 } })],
    status: 200,
    contacts: ['sip:foo@10.0.0.9:4000;transport=udp;x=1 3600'],
  },
  'one that has moved in the same call is the same contact': {
    endpoint: { rewrite_contact: true },
    asked: [6000, 6001].map((port) =>
      register('<sip:foo@10.0.0.9>', {
        source: { port },
        headers: [
          ['Call-ID', 'x'],
          ['CSeq', `${port} REGISTER`],
        ],
      }),
    ),
    status: 200,
    contacts: ['sip:foo@10.0.0.9 3600'],
  },
  'one of the same address behind another wall is another contact': {
    endpoint: { rewrite_contact: true },
    asked: [6000, 6001].map((port) => register('<sip:foo@10.0.0.9>', { source: { port } })),
    status: 200,
    contacts: ['sip:foo@10.0.0.9 3600', 'sip:foo@10.0.0.9 3600'],
  },
  'a contact that the endpoint may not have is refused': {
    endpoint: { contact_deny: '0.0.0.0/0', contact_permit: '10.0.0.0/8' },
    asked: [register('sip:foo@10.0.0.9'), register(A)],
    status: 403,
    contacts: ['sip:foo@10.0.0.9 3600'],
  },
  'a contact that nobody may have is refused': {
    more: { acl: { contacts: { contact_deny: '192.0.2.0/24' } } },
    asked: [register(A)],
    status: 403,
    contacts: [],
  },
  'an address of record at a domain is meant by that domain': {
    endpoint: { aors: 'foo@example.org' },
    more: { aor: { 'foo@example.org': open, foo: open } },
    asked: [register(A, { to: '<sip:foo@example.org>' })],
    status: 200,
    contacts: [],
  },
  'and by another name of it': {
    endpoint: { aors: 'foo@example.org' },
    more: {
      aor: { 'foo@example.org': open, foo: open },
      domain_alias: { 'sip.example.org': { domain: 'example.org' } },
    },
    asked: [register(A, { to: '<sip:foo@sip.example.org>' })],
    status: 200,
    contacts: [],
  },
  'and not by any other name': {
    endpoint: { aors: 'foo@example.org' },
    more: { aor: { 'foo@example.org': open, foo: open } },
    asked: [register(A, { to: '<sip:foo@sip.example.org>' })],
    status: 404,
    contacts: [],
  },
};

test.each(Object.entries(rules))('%s', (_, rule) => holds(rule));

test('a request of the same call whose number is not higher changes no contact, whatever came before', async () => {
  const step = fc.record({
    call: fc.constantFrom('one', 'two'),
    cseq: fc.integer({ min: 1, max: 6 }),
    contact: fc.constantFrom(A, B, '*'),
    isLeaving: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const { ask } = await startPjsip(configOf(open));
      /** What each contact was last told by whom. */
      const model = new Map<string, { readonly call: string; readonly cseq: number }>();
      for (const { call, cseq, contact, isLeaving } of steps) {
        const headers: SipHeader[] = [
          ['Call-ID', call],
          ['CSeq', `${cseq} REGISTER`],
          ...(contact === '*' || isLeaving ? [['Expires', '0'] as const] : []),
        ];
        const isLate = (uri: string): boolean => model.get(uri)?.call === call && model.get(uri)!.cseq >= cseq;
        expect((await ask(register(contact, { headers }))).status).toBe(200);
        for (const uri of contact === '*' ? [...model.keys()] : [contact]) {
          if (isLate(uri)) continue;
          if (contact === '*' || isLeaving) model.delete(uri);
          else model.set(uri, { call, cseq });
        }
        expect(listed(await ask(register([]))).toSorted()).toEqual(
          [...model.keys()].map((uri) => `${uri} 3600`).sort(),
        );
      }
    }),
    { numRuns: 50 },
  );
});
