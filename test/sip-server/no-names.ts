// Name servers that know nothing: no test asks those of the machine.
import type { Resolver } from '../../src/sip-server/index.ts';

const unknown = (name: string): Promise<never> => Promise.reject(new Error(`no ${name}`));

export const noNames: Resolver = {
  resolveNaptr: unknown,
  resolveSrv: unknown,
  resolve4: unknown,
  resolve6: unknown,
};
