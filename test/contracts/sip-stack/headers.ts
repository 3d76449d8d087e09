// The contract of a SipStack: what becomes of headers and bodies, and what is never sent.
import { expect, test } from 'vitest';
import { challengesOf } from '../../../scripts/demo/digest.ts';
import type { OutgoingRequest, SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { fromServiceTo } from '../../support/sip-peer.ts';
import type { MakeSipStack, SipStackTraits } from '../sip-stack.contract.ts';
import { begin } from './story.ts';

const text = 'é ☎ 😀\r\nand a second line';
const challenges = [
  'Digest realm="arion", nonce="1", algorithm=SHA-256, qop="auth"',
  'Digest realm="arion, again", nonce="2", algorithm=MD5, qop="auth"',
];

export function headersAndBodies(make: MakeSipStack, { keepsChallengesApart }: SipStackTraits): void {
  test('repeated header lines stay as many as they came, and compact names are written out', async () => {
    const { phone, next } = await begin(make);
    const headers: SipHeader[] = [
      ['X-Thing', 'a, b'],
      ['x-thing', '"c, d"'],
      ['X-Thing', 'e'],
      ['s', 'Compact'],
      ['X-Folded', 'one\r\n two'],
    ];
    const response = phone.request({ method: 'OPTIONS', to: 'bar', headers });
    const request = await next();
    expect(request.headers.all('X-Thing')).toEqual(['a, b', '"c, d"', 'e']);
    expect(request.headers.get('subject')).toBe('Compact');
    expect([...request.headers].map(([name]) => name)).toContain('Subject');
    expect(request.headers.get('X-Folded')).toBe('one two');
    await request.respond(200);
    await response;
  });

  test('several challenges reach the peer whole', async () => {
    const { phone, next } = await begin(make);
    const response = phone.request({ method: 'REGISTER', to: 'foo', authenticates: false });
    const request = await next();
    await request.respond(401, { headers: challenges.map((value): SipHeader => ['WWW-Authenticate', value]) });
    const lines = (await response).headers('WWW-Authenticate');
    expect(challengesOf(lines)).toEqual(challengesOf(challenges));
    if (!keepsChallengesApart) return;
    const raw = phone.log.at(-1)?.text ?? '';
    expect(raw.split('\r\n').filter((line) => line.startsWith('WWW-Authenticate:'))).toEqual(
      challenges.map((value) => `WWW-Authenticate: ${value}`),
    );
  });

  test('text beyond ASCII goes both ways unharmed', async () => {
    const { phone, next, stack } = await begin(make);
    const response = phone.message({ to: 'bar', body: text });
    const request = await next();
    expect(request.body).toBe(text);
    await request.respond(200, { headers: [['Content-Type', 'text/plain']], body: text });
    expect((await response).body).toBe(text);

    const headers: SipHeader[] = [...fromServiceTo(phone), ['Content-Type', 'text/plain'], ['Subject', 'é']];
    const { sent } = stack.send({ method: 'MESSAGE', uri: phone.contact, headers, body: text });
    expect((await sent).body).toBe(text);
    const received = await phone.nextMessage();
    expect(received.body).toBe(text);
    expect(received.header('Subject')).toBe('é');
  });

  test('a request with a line break, a NUL or a wrong name in it is refused and never sent', async () => {
    const { phone, stack } = await begin(make);
    const right: OutgoingRequest = {
      method: 'MESSAGE',
      uri: phone.contact,
      headers: [...fromServiceTo(phone), ['Content-Type', 'text/plain']],
      body: 'hello',
    };
    const header = (name: string, value: string): Partial<OutgoingRequest> => ({
      headers: [...(right.headers ?? []), [name, value]],
    });
    const wrong: Partial<OutgoingRequest>[] = [
      header('X-A', 'b\r\nX-Evil: 1'),
      header('X-A', 'b\nX-Evil: 1'),
      header('X-A', 'b\rX-Evil: 1'),
      header('X-A', 'b\0'),
      header('X-A: b\r\nX-Evil', '1'),
      header('Evil%0d%0aX-Evil', '1'),
      header('X A', '1'),
      header('', '1'),
      header('__proto__', '1'),
      header('constructor', '1'),
      { uri: `${phone.contact}\r\nX-Evil: 1` },
      { uri: `${phone.contact} SIP/2.0\r\nX-Evil: 1` },
      { uri: 'foo' },
      { uri: '' },
      { nextHop: 'sip:127.0.0.1\r\nX-Evil: 1' },
      { nextHop: 'sip:127.0.0.1|evil' },
      { method: 'MESSAGE sip:evil SIP/2.0\r\nX' },
      { method: '' },
      { method: 'CANCEL' },
      { dialogId: 'a|b\r\nX-Evil: 1' },
    ];
    for (const each of wrong) {
      const { sent, final } = stack.send({ ...right, ...each });
      const refusal = { name: 'Fault', kind: 'invalid' };
      await expect(sent, JSON.stringify(each)).rejects.toMatchObject(refusal);
      await expect(final, JSON.stringify(each)).rejects.toMatchObject(refusal);
    }
    // What comes after shows that nothing came before.
    expect((await stack.send(right).final).status).toBe(200);
    expect(phone.log.filter(({ direction }) => direction === 'received')).toHaveLength(1);
  });

  test('a request without a Request-URI, outside of a dialog, is refused', async () => {
    const { stack } = await begin(make);
    for (const method of ['MESSAGE', 'ACK']) {
      await expect(stack.send({ method }).sent).rejects.toMatchObject({ name: 'Fault', kind: 'invalid' });
    }
  });

  test('a response with a line break, a NUL or a wrong name in it is refused, and another one can follow', async () => {
    const { phone, next } = await begin(make);
    const response = phone.message({ to: 'bar', body: 'hello' });
    const request = await next();
    const wrong: Parameters<typeof request.respond>[] = [
      [200, { headers: [['X-A', 'b\r\nX-Evil: 1']] }],
      [200, { headers: [['X-A', 'b\0']] }],
      [200, { headers: [['Evil%0d%0aX-Evil', '1']] }],
      [200, { headers: [['To', '<sip:evil@127.0.0.1>']] }],
      [200, { reason: 'OK\r\nX-Evil: 1' }],
      [299, {}],
      [1000, {}],
    ];
    for (const each of wrong) {
      await expect(request.respond(...each), JSON.stringify(each)).rejects.toMatchObject({
        name: 'Fault',
        kind: 'invalid',
      });
    }
    await request.respond(200);
    expect((await response).status).toBe(200);
    expect(phone.log.map(({ text: each }) => each).join('')).not.toContain('Evil');
  });

  test('a body without a Content-Type is refused, and another response can follow', async () => {
    const { phone, next } = await begin(make);
    const response = phone.message({ to: 'bar', body: 'hello' });
    const request = await next();
    await expect(request.respond(200, { body: 'hello' })).rejects.toMatchObject({ name: 'Fault', kind: 'invalid' });
    await request.respond(488);
    expect((await response).status).toBe(488);
  });
}
