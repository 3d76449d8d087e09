// The recorded REST requests that send messages, made again: the same answers, and the same MESSAGE on the wire.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SipText } from '../../scripts/demo/telephone.ts';
import { startService } from '../support/service.ts';

interface Step {
  readonly mark: string;
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly status: number;
  readonly body?: { readonly message: string };
  readonly sip_seen_by_foo: readonly { readonly dir: string; readonly raw: string }[];
}

const steps = readFileSync(join(import.meta.dirname, '../data/captures/messages-out.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Step)
  .filter(({ mark }) => mark === 'rest');

/** Where we differ on purpose: the answer, and that nothing is sent. */
const differences: Readonly<Record<string, { readonly reason: string; readonly status: number }>> = {
  'variables not an object': { reason: 'variables of another form are refused, not silently dropped', status: 400 },
  'variable value with CRLF (header injection)': { reason: 'a value cannot become a header of its own', status: 400 },
};
/** Left out: it watches retransmissions for 36 s, which the SIP server's own tests do on a test clock. */
const unplayed = ['far end never answers (36 s watched)'];

/** Different in every run; and when it was accepted and for how long it is of use, which Asterisk does not say. */
const UNCOMPARED = ['via', 'user-agent', 'date', 'expires'];

/** A message without what is not compared, its headers in the order of their names. */
function comparable(startLine: string, lines: readonly (readonly [string, string])[], body: string) {
  const masked = lines
    .filter(([name]) => !UNCOMPARED.includes(name.toLowerCase()))
    .map(([name, value]) => {
      const kept = value.trim().replace(/tag=[^;]+/, 'tag=<tag>');
      if (name.toLowerCase() === 'call-id') return `${name}: <call>`;
      return `${name}: ${name.toLowerCase() === 'cseq' ? kept.replace(/^\d+/, '<number>') : kept}`;
    });
  return { startLine: startLine.replace(/:\d+ SIP/, ':<port> SIP'), headers: masked.sort(), body };
}

function captured(raw: string) {
  // Without a `from` the recorded Asterisk printed a null pointer; the endpoint's own name is meant.
  const [head = '', body = ''] = raw.replace('<sip:(null)@', '<sip:foo@').split('\r\n\r\n');
  const [startLine = '', ...lines] = head.split('\r\n');
  return comparable(
    startLine,
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const),
    body,
  );
}
const ours = (message: SipText) => comparable(message.startLine, message.lines, message.body);

test('each recorded request to send a message gets the recorded answer and puts the recorded MESSAGE on the wire', async () => {
  const service = await startService({
    contexts: 'default: {}',
    // What nobody takes at once is over, as in Asterisk.
    messages: 'store: false',
    pjsip: `
endpoint: { foo: { aors: [ foo ] }, bar: { aors: [ bar ] } }
aor: { foo: { max_contacts: 1 }, bar: { max_contacts: 1 } }`,
  });
  const foo = await service.telephone('foo');
  await foo.register();
  const root = service.base.replace('/ari', '');
  let played = 0;
  for (const { name, request, status, body, sip_seen_by_foo: seen } of steps) {
    if (unplayed.includes(name)) continue;
    if (name === 'far end answers 486') foo.answer('MESSAGE', () => ({ status: 486 }));
    const here = (text: string): string => text.replaceAll('5261', `${foo.address.port}`);
    const answer = await fetch(`${root}${here(request.path)}`, {
      method: request.method,
      headers: {
        authorization: request.headers['Authorization']!,
        ...(request.headers['Content-Type'] !== undefined && { 'content-type': request.headers['Content-Type'] }),
      },
      ...(request.body !== undefined && { body: here(request.body) }),
    });
    const difference = differences[name];
    expect([name, answer.status]).toEqual([name, difference?.status ?? status]);
    const text = await answer.text();
    if (body !== undefined) expect(JSON.parse(text), name).toMatchObject({ message: expect.any(String) });
    if (status === 202 && difference === undefined)
      expect(JSON.parse(text), name).toMatchObject({ direction: 'outbound' });
    const expected = difference === undefined ? seen.filter(({ dir }) => dir === 'in') : [];
    for (const { raw } of expected) expect(ours(await foo.nextMessage()), name).toEqual(captured(raw));
    played += 1;
  }
  // Had a refused request put something on the wire, it would stand before this one.
  await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: 'sip:a@b', body: 'the last' });
  expect((await foo.nextMessage()).body).toBe('the last');
  expect(played).toBe(steps.length - unplayed.length);
});
