// How each story of the contract begins: a started stack, and a telephone on the other side.
import { onTestFinished } from 'vitest';
import type { TelephoneOptions } from '../../../scripts/demo/telephone.ts';
import { Telephone } from '../../../scripts/demo/telephone.ts';
import type { SipRequest, SipStack } from '../../../src/technologies/pjsip/stack.ts';
import { Mailbox } from '../../../scripts/demo/waiting.ts';
import type { MakeSipStack } from '../sip-stack.contract.ts';

export interface Story {
  readonly stack: SipStack;
  /** The oldest request that the stack handed on and nobody asked for yet. Fails after `deadline` milliseconds. */
  next(deadline?: number): Promise<SipRequest>;
  readonly phone: Telephone;
}

export async function begin(make: MakeSipStack, options: Partial<TelephoneOptions> = {}): Promise<Story> {
  const stack = await make();
  const requests = new Mailbox<SipRequest>();
  await stack.start((request) => requests.put(request));
  const wanted = options.transport ?? 'udp';
  const listening = stack.addresses.find(({ protocol }) => protocol === wanted);
  if (listening === undefined) throw new Error(`the stack does not listen on ${wanted}`);
  const server = { host: listening.address, port: listening.port };
  const phone = await Telephone.open({ user: 'foo', password: 'foo-secret', server, ...options });
  onTestFinished(() => phone.close());
  return { stack, phone, next: (deadline = 10_000) => requests.next(deadline, 'request for the application') };
}
