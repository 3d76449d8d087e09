// A registration at a provider, between a stack without a network and a core, on a clock that stands still.
import { parseDigest } from '../../../src/technologies/pjsip/digest.ts';
import { resolvePjsip, type PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import { OutboundRegistrations } from '../../../src/technologies/pjsip/outbound-registrations.ts';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { listen, testCore } from '../../support/core.ts';
import { fakeStack, type Sent } from '../../support/fake-stack.ts';
import { testClock } from '../../support/test-clock.ts';

type Options = NonNullable<PjsipConfig['registration']>[string];

const auth = {
  p: { username: 'me', password: 'secret' },
  elsewhere: { username: 'me', password: 'secret', realm: 'elsewhere' },
};

export function room(more: Partial<Options> = {}) {
  const core = testCore();
  const stack = fakeStack({ flows: true });
  const clock = testClock();
  const logged: string[] = [];
  const objectOf = (options: Partial<Options>) =>
    resolvePjsip({
      endpoint: { trunk: {} },
      auth,
      registration: {
        p: { server_uri: 'sip:p.example', client_uri: 'sip:me@p.example', endpoint: 'trunk', ...options },
      },
    }).registrations.get('p')!;
  core.endpoints.create({ tech: 'PJSIP', resource: 'trunk' });
  const registrations = new Map([['p', objectOf(more)]]);
  const all = new OutboundRegistrations({
    ...{ core, stack, clock },
    objects: { registrations },
    random: (bytes) => Buffer.alloc(bytes, 1),
    fraction: () => 0.5,
    log: (level, text) => void logged.push(`${level}: ${text}`),
  });
  const { heard } = listen(core.everything);
  all.open();
  return {
    ...{ all, stack, clock, logged, registrations, objectOf },
    snapshot: () => all.find('outbound.p'),
    changes: async () => (await heard()).flatMap((fact) => (fact.type === 'RegistrationChanged' ? [fact.change] : [])),
    /** Until all that can happen now has happened. */
    settled: () => new Promise(setImmediate),
  };
}

export const ok = (seconds: number, ...headers: SipHeader[]) => ({
  headers: [['Contact', `<sip:me@localhost>;expires=${seconds}`], ...headers] as SipHeader[],
});
export const challenge = (nonce: string, more = '') => ({
  headers: [['WWW-Authenticate', `Digest realm="p",nonce="${nonce}",qop="auth"${more}`]] as const,
});
export const shown = (sent: Sent) =>
  Object.fromEntries(parseDigest(sent.message.headers.all('Authorization'))[0] ?? new Map<string, string>());
export const numbers = (sent: readonly Sent[]) => sent.map(({ message }) => message.headers.get('CSeq'));
