// The torture messages of RFC 4475: what the parser says, what the peer gets over UDP and TCP, and what the application gets.
import { describe, expect, test } from 'vitest';
import { serialise } from '../../src/sip-server/message.ts';
import { parseMessage } from '../../src/sip-server/parser.ts';
import { tokensOf } from './calls.ts';
import { final, request, stage } from './stage.ts';
import { torture, tortureMessage, tortureNames, type Expectation } from './torture.ts';

const table = Object.entries(torture);
const titled = ([name, { section, parsed, why }]: readonly [string, Expectation]) =>
  [`${section ?? 'the archive'}, ${name}: ${parsed}, ${why}`, name] as const;

test('each of the fifty messages stands in the table', () => {
  expect(tortureNames).toHaveLength(50);
  expect([...tortureNames].sort()).toEqual(Object.keys(torture).sort());
});

test('every section of the RFC is there once', () => {
  const sections = table.flatMap(([, { section }]) => section ?? []);
  const expected = [
    ...Array.from({ length: 13 }, (_, index) => `3.1.1.${index + 1}`),
    ...Array.from({ length: 19 }, (_, index) => `3.1.2.${index + 1}`),
    '3.2.1',
    ...Array.from({ length: 15 }, (_, index) => `3.3.${index + 1}`),
    '3.4.1',
  ];
  expect(sections.sort()).toEqual(expected.sort());
});

describe('the parser', () => {
  test.each(table.map(titled))('%s', (_, name) => {
    const octets = tortureMessage(name);
    const parsed = parseMessage(octets, { maxHeaders: 256, maxSize: 65_535 });
    const { parsed: expected } = torture[name]!;
    if (parsed.kind === 'problem') {
      expect(parsed.request === undefined ? 'silence' : parsed.status).toBe(expected);
    } else {
      expect('accept').toBe(expected);
      const written = serialise(parsed.message);
      expect(octets.subarray(0, written.length).equals(written)).toBe(true);
    }
  });
});

/** What goes on over the wire: the application gets it; or the server answers; or neither. */
function onTheWire({ parsed, then, stream }: Expectation, protocol: 'udp' | 'tcp'): 'application' | 'silence' | number {
  if (protocol === 'tcp' && stream === 'waits') return 'silence';
  if (parsed === 'accept') return then === 'dropped' ? 'silence' : (then ?? 'application');
  return parsed;
}

describe.each(['udp', 'tcp'] as const)('over %s', (protocol) => {
  test.each(table.map(titled))('%s', async (_, name) => {
    const { client, peer } = await stage();
    const [app, alice] = [await client('*'), await peer(protocol)];
    const octets = tortureMessage(name);
    alice.send(octets.toString('latin1'));
    const expected = onTheWire(torture[name]!, protocol);
    const count = protocol === 'tcp' && torture[name]!.stream === 'two messages' ? 2 : 1;
    if (expected === 'application') {
      const offered = await take(count, () => app.inbox.next());
      expect(offered[0]!.split('\r\n')[1]).toBe(octets.toString('latin1').split('\r\n')[0]);
      for (const each of offered) app.send(`id|sip|${tokensOf(each)[8]}|\r\nSIP/2.0 480 Not Now\r\n\r\n`);
      const replies = await take(count, () => app.inbox.next());
      expect(replies.map((each) => each.split('|')[3])).toEqual(replies.map(() => 'OK'));
    }
    const answers = expected === 'silence' ? [] : await take(count, () => final(alice));
    const status = expected === 'application' ? '480' : String(expected);
    expect(answers.map((each) => each.split(' ')[1])).toEqual(answers.map(() => status));

    // Nothing else came, and the next one is served.
    const bob = await peer();
    bob.send(request('OPTIONS', bob.port, { callId: 'the-next-one' }));
    expect(await app.inbox.next()).toContain('Call-ID: the-next-one');
    expect(alice.inbox.waiting.filter((each) => !each.startsWith('SIP/2.0 1'))).toEqual([]);
  });
});

async function take<Value>(count: number, next: () => Promise<Value>): Promise<Value[]> {
  const taken: Value[] = [];
  while (taken.length < count) taken.push(await next());
  return taken;
}
