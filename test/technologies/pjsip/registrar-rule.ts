// One rule of the registrar: what is asked, what is answered, and what is registered afterwards.
import { expect } from 'vitest';
import type { PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import type { Answer, Incoming } from '../../support/fake-stack.ts';
import { startPjsip } from '../../support/pjsip.ts';
import { listed, register } from '../../support/register.ts';

export type Aor = NonNullable<PjsipConfig['aor']>[string];
type Endpoint = NonNullable<PjsipConfig['endpoint']>[string];

export const configOf = (aor: Aor, endpoint: Endpoint = {}, more: PjsipConfig = {}): PjsipConfig => ({
  endpoint: { foo: { aors: 'foo', ...endpoint } },
  aor: { foo: aor },
  ...more,
});

export interface Rule {
  readonly aor?: Aor;
  readonly endpoint?: Endpoint;
  readonly more?: PjsipConfig;
  /** Each a REGISTER, answered before the next; the last is what the rule is about. */
  readonly asked: readonly Incoming[];
  readonly status: number;
  /** What is registered in the end, as a REGISTER without contacts answers it. */
  readonly contacts: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export const open: Aor = { max_contacts: 5 };

export async function holds(rule: Rule): Promise<void> {
  const { aor = open, endpoint = {}, more = {}, asked, status, contacts, headers = {} } = rule;
  const { ask } = await startPjsip(configOf(aor, endpoint, more));
  let last: Answer | undefined;
  for (const request of asked) last = await ask(request);
  expect(last?.status).toBe(status);
  for (const [name, value] of Object.entries(headers)) expect(last?.headers.get(name)).toBe(value);
  if (endpoint.aors !== undefined) return;
  const now = await ask(register([]));
  if (aor.max_contacts !== undefined) expect(listed(now).sort()).toEqual([...contacts].sort());
  if (status === 200) expect(listed(last!)).toEqual(listed(now));
}
