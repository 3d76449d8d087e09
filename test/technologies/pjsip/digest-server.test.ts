// The digest server: its challenges, what it takes for right, and what it costs.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerable, authorization, digestResponse, parseDigest } from '../../../src/technologies/pjsip/digest.ts';
import type { Algorithm } from '../../../src/technologies/pjsip/objects/index.ts';
import { SipHeaders, type SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { answerTo, asResponse, client, linesOf, server, shape } from './digest-room.ts';

describe('the server', () => {
  test('asks nothing of an endpoint without credentials', async () => {
    expect(await server().ask('open')).toEqual(['not-required', []]);
  });

  test('challenges with MD5, qop and its realm, and lets the right answer in', async () => {
    const { ask } = server();
    const [outcome, answers] = await ask('foo');
    expect(outcome).toBe('challenge-sent');
    expect(answers.map(({ status }) => status)).toEqual([401]);
    expect(linesOf(answers)).toEqual([
      expect.stringMatching(
        /^Digest realm="asterisk",nonce="1700000000\/[\da-f]{48}",opaque="[\da-f]{16}",algorithm=MD5,qop="auth"$/,
      ),
    ]);
    expect(await ask('foo', answerTo(answers, client()))).toEqual(['success', []]);
  });

  test('challenges again, and again with 401, when the password or the name is wrong', async () => {
    const { ask } = server();
    const [, answers] = await ask('foo');
    for (const wrong of [client({ password: 'x' }), client({ username: 'bar' })]) {
      const [outcome, again] = await ask('foo', answerTo(answers, wrong));
      expect(outcome).toBe('failed');
      expect(again.map(({ status }) => status)).toEqual([401]);
      expect(linesOf(again)[0]).not.toContain('stale');
    }
  });

  test('says that a nonce is stale, after its lifetime and from another address, when the answer is right', async () => {
    const { ask, clock } = server();
    const [, answers] = await ask('foo');
    const right = answerTo(answers, client());
    clock.advance(32_000);
    const [outcome, elsewhere] = await ask('foo', right, '192.0.2.1');
    expect(outcome).toBe('challenge-sent');
    expect(linesOf(elsewhere)[0]).toContain(',stale=true');
    expect((await ask('foo', right))[0]).toBe('success');
    clock.advance(1_000);
    const [, late] = await ask('foo', right);
    expect(linesOf(late)[0]).toContain(',stale=true');
    const [, wrong] = await ask('foo', answerTo(answers, client({ password: 'x' })));
    expect(linesOf(wrong)[0]).not.toContain('stale');
    expect((await ask('foo', answerTo(late, client())))[0]).toBe('success');
  });

  test('does not believe a nonce that it did not make', async () => {
    const { ask } = server();
    const [, answers] = await server().ask('foo');
    const nonce = parseDigest(linesOf(answers))[0]!.get('nonce')!;
    const line = linesOf(answers)[0]!.replace(nonce, `9${nonce.slice(1)}`);
    const forged = [{ status: 401, headers: new SipHeaders([['WWW-Authenticate', line]]), body: '' }];
    expect((await ask('foo', answerTo(forged, client())))[0]).toBe('challenge-sent');
  });

  test('challenges once for each realm and algorithm, in lines of their own, and is content with one of them', async () => {
    const { ask } = server();
    const [, answers] = await ask('two');
    const asked = parseDigest(linesOf(answers)).map((each) => [each.get('realm'), each.get('algorithm')]);
    expect(linesOf(answers)).toHaveLength(3);
    expect(asked).toEqual([
      ['asterisk', 'MD5'],
      ['elsewhere', 'SHA-512-256'],
      ['elsewhere', 'SHA-256'],
    ]);
    const other = client({ realm: 'elsewhere', password: 'other' });
    const [line] = answerTo(answers, other);
    expect(line?.[1]).toContain('algorithm=SHA-512-256');
    expect((await ask('two', [line!]))[0]).toBe('success');
    const md5 = answerTo(answers, client({ realm: 'asterisk', supported_algorithms_uac: ['MD5'] }));
    expect((await ask('two', md5))[0]).toBe('success');
  });

  test('does not take an algorithm that it did not offer', async () => {
    const { ask } = server();
    const [, answers] = await ask('foo');
    const line = linesOf(answers)[0]!.replace('MD5', 'SHA-256');
    const changed = [{ status: 401, headers: new SipHeaders([['WWW-Authenticate', line]]), body: '' }];
    expect((await ask('foo', answerTo(changed, client())))[0]).toBe('failed');
  });

  test('does not take a right answer under another name', async () => {
    const { ask } = server();
    const [, answers] = await ask('foo');
    const [line] = answerTo(answers, client());
    const renamed = line![1].replace('username="foo"', 'username="fop"');
    expect((await ask('foo', [['Authorization', renamed]]))[0]).toBe('failed');
  });

  test('challenges once for two credentials of one realm, and takes either', async () => {
    const { ask } = server();
    const [, answers] = await ask('shared');
    expect(linesOf(answers)).toHaveLength(1);
    expect((await ask('shared', answerTo(answers, client({ username: 'other', password: 'x' }))))[0]).toBe('success');
    const [, more] = await ask('shared');
    expect((await ask('shared', answerTo(more, client())))[0]).toBe('success');
  });

  test('knows a password by its hash alone', async () => {
    const { ask } = server();
    const [, answers] = await ask('hashed');
    expect((await ask('hashed', answerTo(answers, client())))[0]).toBe('success');
  });

  test('challenges a stranger in the same way, and never lets one in', async () => {
    const { ask } = server();
    const [, known] = await ask('foo');
    const [outcome, answers] = await ask(undefined);
    expect(outcome).toBe('challenge-sent');
    expect(shape(linesOf(answers))).toEqual(shape(linesOf(known)));
    const [again, more] = await ask(undefined, answerTo(answers, client()));
    expect(again).toBe('failed');
    expect(shape(linesOf(more))).toEqual(shape(linesOf(known)));
  });

  test('takes a nonce again only with a count that has risen', async () => {
    const { ask } = server();
    const [, answers] = await ask('foo');
    const withCount = (count: number): SipHeader[] => {
      const [each] = answerable(asResponse(answers), [client()]);
      const request = { method: 'REGISTER', uri: 'sip:127.0.0.1' };
      return [[each!.header, authorization(each!.challenge, request, each!.auth, 'c', count)]];
    };
    const outcomes = [];
    for (const count of [1, 2, 2, 1, 16, 15]) {
      const [outcome, more] = await ask('foo', withCount(count));
      outcomes.push([count, outcome, linesOf(more)[0]?.includes('stale=true')]);
    }
    expect(outcomes).toEqual([
      [1, 'success', undefined],
      [2, 'success', undefined],
      [2, 'challenge-sent', true],
      [1, 'challenge-sent', true],
      [16, 'success', undefined],
      [15, 'challenge-sent', true],
    ]);
  });

  test('takes a nonce once from who does not count', async () => {
    const { ask } = server();
    const [, answers] = await ask('foo');
    const line = linesOf(answers)[0]!.replace(',qop="auth"', '');
    const older = [{ status: 401, headers: new SipHeaders([['WWW-Authenticate', line]]), body: '' }];
    const right = answerTo(older, client());
    expect(right[0]![1]).not.toContain('qop');
    expect((await ask('foo', right))[0]).toBe('success');
    const [outcome, again] = await ask('foo', right);
    expect([outcome, linesOf(again)[0]?.includes('stale=true')]).toEqual(['challenge-sent', true]);
  });

  test.each([
    ['another protection than it offered', 'qop=auth,', 'qop=auth-int,'],
    ['a count of another form', 'nc=00000001', 'nc=1'],
  ])('does not take %s', async (_, from, to) => {
    const { ask } = server();
    const [, answers] = await ask('foo');
    const [line] = answerTo(answers, client());
    // The response is right for what is written.
    const fields = parseDigest([line![1].replace(from, to)])[0]!;
    const response = digestResponse({
      algorithm: 'MD5',
      auth: client(),
      method: 'REGISTER',
      realm: 'asterisk',
      uri: 'sip:127.0.0.1',
      nonce: fields.get('nonce')!,
      protection: { qop: fields.get('qop')!, nc: fields.get('nc')!, cnonce: fields.get('cnonce')! },
    });
    const written = line![1].replace(from, to).replace(/response="[^"]*"/, `response="${response}"`);
    expect((await ask('foo', [['Authorization', written]]))[0]).toBe('failed');
  });

  test('lets in with each of two passwords of one name', async () => {
    const { ask } = server();
    for (const password of ['secret', 'new']) {
      const [, answers] = await ask('twice');
      expect((await ask('twice', answerTo(answers, client({ password }))))[0]).toBe('success');
    }
  });

  test.each<Algorithm>(['MD5', 'SHA-256', 'SHA-512-256'])('knows %s', async (algorithm) => {
    const { ask, hashed } = server();
    const [, answers] = await ask(algorithm);
    expect((await ask(algorithm, answerTo(answers, client())))[0]).toBe('success');
    expect(hashed).toEqual([algorithm, algorithm, algorithm]);
  });

  describe('costs the same for a name that nobody has as for a wrong password:', () => {
    const wrong = (change: (line: string) => string = (line) => line) => {
      return async (endpoint: string | undefined): Promise<unknown[]> => {
        const { ask, hashed } = server();
        const [, answers] = await ask(endpoint);
        const headers = answerTo(answers, client({ password: 'wrong' }));
        const [outcome, more] = await ask(
          endpoint,
          headers.map(([name, line]) => [name, change(line)]),
        );
        return [outcome, hashed.length, more.map(({ status }) => status), shape(linesOf(more))];
      };
    };
    test.each<[string, number, ReturnType<typeof wrong>]>([
      ['as it is', 3, wrong()],
      ['of another name', 3, wrong((line) => line.replace('username="foo"', 'username="x"'))],
      ['of another realm', 3, wrong((line) => line.replace('realm="asterisk"', 'realm="x"'))],
      ['by an algorithm that was not offered', 3, wrong((line) => line.replace('MD5', 'SHA-256'))],
      ['by an algorithm that is not known', 3, wrong((line) => line.replace('MD5', 'SHA-3'))],
      ['without a nonce', 3, wrong((line) => line.replace(/nonce="[^"]*", /, ''))],
      ['without anything', 3, wrong(() => 'Digest x=y')],
      ['without protection', 3, wrong((line) => line.replace(/, qop=.*$/, ''))],
      ['several times', 24, wrong((line) => Array.from({ length: 20 }, () => line).join(', '))],
    ])('credentials %s: %i hashes', async (_, hashes, attempt) => {
      const known = await attempt('foo');
      expect(known.slice(0, 3)).toEqual(['failed', hashes, [401]]);
      expect(await attempt(undefined)).toEqual(known);
      expect(await attempt('hashed')).toEqual(known);
    });
  });

  test('passes over what is no digest', async () => {
    const { ask } = server();
    expect((await ask('foo', [['Authorization', 'Basic Zm9vOnNlY3JldA==']]))[0]).toBe('challenge-sent');
    expect((await ask('foo', [['Authorization', 'Digest ']]))[0]).toBe('challenge-sent');
    expect((await ask('foo', [['Authorization', 'Digest username="foo"']]))[0]).toBe('failed');
  });
});

test('nothing that can stand in Authorization lets anybody in, nor breaks the server, nor costs more than it may', async () => {
  const name = fc.constantFrom(
    'username',
    'realm',
    'nonce',
    'uri',
    'response',
    'algorithm',
    'qop',
    'nc',
    'cnonce',
    'x',
  );
  const value = fc.oneof(fc.string(), fc.constantFrom('"foo"', '"asterisk"', 'MD5', 'auth', '00000001', '"', '\\'));
  const field = fc.tuple(name, value).map(([each, text]) => `${each}=${text}`);
  const line = fc.oneof(
    fc.string(),
    fc.array(field).map((fields) => `Digest ${fields.join(',')}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line), async (lines) => {
      const { ask, hashed } = server();
      const [outcome] = await ask(
        'foo',
        lines.map((each) => ['Authorization', each] as const),
      );
      expect(['failed', 'challenge-sent']).toContain(outcome);
      expect(hashed.length).toBeLessThanOrEqual(24);
    }),
  );
});
