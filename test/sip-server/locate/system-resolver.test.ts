// The list of name servers is read again as time passes.
import { expect, test } from 'vitest';
import { systemResolver } from '../../../src/sip-server/locate/system-resolver.ts';
import { noNames } from '../no-names.ts';

test('a resolver is renewed after a minute, and what was asked of the one before is cancelled with it', async () => {
  let now = 0;
  let made = 0;
  const cancelled: number[] = [];
  const resolver = systemResolver(
    () => now,
    () => {
      const number = (made += 1);
      return {
        ...noNames,
        resolve4: () => Promise.resolve([`192.0.2.${number}`]),
        cancel: () => cancelled.push(number),
      };
    },
  );
  expect(await resolver.resolve4('a.example')).toEqual(['192.0.2.1']);
  now = 59_999;
  expect(await resolver.resolve4('a.example')).toEqual(['192.0.2.1']);
  now = 60_000;
  expect(await resolver.resolve4('a.example')).toEqual(['192.0.2.2']);
  resolver.cancel?.();
  expect(cancelled).toEqual([2, 1]);
});
