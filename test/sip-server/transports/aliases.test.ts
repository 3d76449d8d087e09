// Which contacts a connection may claim.
import { expect, test } from 'vitest';
import { parseSipUri } from '../../../src/sip-server/grammar/uri.ts';
import { Aliases } from '../../../src/sip-server/transport/aliases.ts';
import type { Flow } from '../../../src/sip-server/transport/flow.ts';

function flowFrom(address: string): Flow & { close(): void } {
  const closed = new Set<() => void>();
  let isOpen = true;
  return {
    protocol: 'tcp',
    local: { address: '192.0.2.1', port: 5060 },
    remote: { address, port: 40_000 },
    get isOpen() {
      return isOpen;
    },
    send: () => undefined,
    onClose(run) {
      closed.add(run);
      return () => closed.delete(run);
    },
    close() {
      isOpen = false;
      for (const run of closed) run();
    },
  };
}

test.each([
  ['sip:alice@198.51.100.7:5060', true],
  ['sip:alice@10.0.0.5:5060', true],
  ['sip:alice@127.0.0.1', true],
  ['sip:alice@[fe80::1]', true],
  ['sip:alice@abc.invalid', true],
  ['sip:alice@telephone.local', true],
  ['sip:alice@telephone', true],
  ['sip:+49301234@203.0.113.1', false],
  ['sip:bob@example.com', false],
])('whoever registers %s from 198.51.100.7 gets the requests to it: %s', (contact, isTied) => {
  const aliases = new Aliases();
  const flow = flowFrom('198.51.100.7');
  const uri = parseSipUri(contact)!;
  aliases.tie(uri, flow);
  expect(aliases.flowTo(uri)).toBe(isTied ? flow : undefined);
  flow.close();
  expect(aliases.flowTo(uri)).toBeUndefined();
});

test('one connection ties no more than a thousand, and the last to register a contact has it', () => {
  const aliases = new Aliases();
  const [first, second] = [flowFrom('198.51.100.7'), flowFrom('198.51.100.7')];
  const contact = (count: number) => parseSipUri(`sip:${count}@a.invalid`)!;
  for (let count = 0; count <= 1_000; count++) aliases.tie(contact(count), first);
  expect([999, 1_000].map((count) => aliases.flowTo(contact(count)))).toEqual([first, undefined]);
  aliases.tie(contact(0), second);
  expect(aliases.flowTo(contact(0))).toBe(second);
  first.close();
  expect([0, 1].map((count) => aliases.flowTo(contact(count)))).toEqual([second, undefined]);
});
