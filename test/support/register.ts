// REGISTER requests and what is confirmed, for tests of the registrar.
import { randomUUID } from 'node:crypto';
import type { SipHeader } from '../../src/technologies/pjsip/stack.ts';
import type { Answer, Incoming } from './fake-stack.ts';

/** A REGISTER of foo for such contacts, of a call of its own unless told otherwise. */
export function register(
  contacts: string | readonly string[],
  more: Partial<Incoming> & { readonly to?: string } = {},
): Incoming {
  const { headers = [], to = '<sip:foo@127.0.0.1>', ...others } = more;
  const given = headers.map(([name]) => name);
  const usual: SipHeader[] = [
    ['From', '<sip:foo@127.0.0.1>;tag=1'],
    ['To', to],
    ['Call-ID', `registration-${randomUUID()}`],
    ['CSeq', '1 REGISTER'],
  ];
  const lines = (typeof contacts === 'string' ? [contacts] : contacts).map((each) => ['Contact', each] as const);
  return {
    method: 'REGISTER',
    uri: 'sip:127.0.0.1',
    headers: [...usual.filter(([name]) => !given.includes(name)), ...lines, ...headers],
    ...others,
  };
}

/** "sip:foo@192.0.2.1 60", in the order of the answer. */
export const listed = ({ headers }: Answer): string[] =>
  headers
    .all('Contact')
    .map((each) => each.replace(/^<(.*)>(?:;expires=(\d+))?$/, (_, uri, left = 'static') => `${uri} ${left}`));
