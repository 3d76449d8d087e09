// Three telephones whose calls are transferred, and what is to be seen of that, for tests.
import { expect } from 'vitest';
import { audioOffer } from '../../scripts/demo/call.ts';
import type { Call, Called, SipText, Telephone } from '../../scripts/demo/telephone.ts';
import { startService, type Service } from '../support/service.ts';

const pjsip = `
endpoint:
  foo: { context: default, aors: foo }
  bar: { context: default, aors: bar }
  baz: { context: default, aors: baz }
  strict: { context: default, aors: strict, allow_transfer: no }
aor: { foo: { max_contacts: 1 }, bar: { max_contacts: 1 }, baz: { max_contacts: 1 }, strict: { max_contacts: 1 } }`;
const contexts = `
default: { "2": { dial: [ PJSIP/bar ] }, "3": { dial: [ PJSIP/baz ] }, "100": { app: hello } }
other: { "4": { dial: [ PJSIP/baz ] } }`;

export type Phones = Readonly<Record<'foo' | 'bar' | 'baz', Telephone>>;

const PORTS: Readonly<Record<string, string>> = { foo: '4002', bar: '4004', baz: '4006' };

/** To whom it sends its media now. */
export function talksTo(telephone: Telephone): string | undefined {
  const told = telephone.log.filter(({ direction, text }) => direction === 'received' && text.includes('m=audio'));
  const last = told.at(-1)?.text ?? '';
  return last.includes('a=inactive') ? undefined : Object.keys(PORTS).find((user) => last.includes(` ${PORTS[user]} `));
}

export async function setUp(): Promise<{ service: Service; phones: Phones }> {
  const service = await startService({ pjsip, contexts });
  const phone = async (user: string): Promise<Telephone> => {
    const telephone = await service.telephone(user, {
      description: audioOffer('127.0.0.1').replace('4000', PORTS[user]!),
    });
    expect((await telephone.register()).status).toBe(200);
    telephone.expectCalls();
    return telephone;
  };
  const [foo, bar, baz] = await Promise.all([phone('foo'), phone('bar'), phone('baz')]);
  return { service, phones: { foo, bar, baz } };
}

/** One calls an extension, and the other takes it. */
export async function talk(caller: Telephone, exten: string, called: Telephone): Promise<[Call, Called]> {
  const call = caller.call({ to: exten });
  const taken = await called.called();
  await taken.answer();
  expect((await call.answered).status).toBe(200);
  return [call, taken];
}

export const refer = (
  call: Call | Called,
  to: string,
  more: readonly (readonly [string, string])[] = [],
): Promise<SipText> => call.request('REFER', [['Refer-To', to], ...more]);

/** What it is told of its transfer until that is over. */
export async function notified(telephone: Telephone): Promise<string[]> {
  const told: string[] = [];
  for (;;) {
    const notify = await telephone.next('NOTIFY');
    expect(notify.header('Event')).toMatch(/^refer/);
    expect(notify.header('Content-Type')).toContain('message/sipfrag');
    const state = notify.header('Subscription-State');
    told.push(`${notify.body.trim()} ${state.split(';')[0]}`);
    if (state.startsWith('terminated')) return told;
  }
}

export const named = (user: string) => ({ name: expect.stringMatching(new RegExp(`^PJSIP/${user}-`)) as unknown });
/** The dialog of a call, as Replaces names it. */
export const dialogOf = async (call: Call): Promise<string> => {
  const answer = await call.answered;
  const tag = (name: string): string => answer.parameter(name, 'tag')!;
  return `${call.id};to-tag=${tag('To')};from-tag=${tag('From')}`;
};
export const replacing = (exten: string, replaces: string): string =>
  `<sip:${exten}@127.0.0.1?Replaces=${encodeURIComponent(replaces)}>`;

/** What is told of a transfer that succeeds. */
export const SUCCESS = ['SIP/2.0 100 Trying active', 'SIP/2.0 200 OK terminated'];

/** Nobody is left, and nothing went wrong on the way. */
export async function over({ rest, logged }: Service): Promise<void> {
  expect((await rest('GET', '/channels')).body).toEqual([]);
  expect((await rest('GET', '/bridges')).body).toEqual([]);
  expect(logged.filter((line) => line.startsWith('error'))).toEqual([]);
}
