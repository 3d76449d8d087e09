// Credentials: how they are read, against what they are held, and what a user who may only read may do.
import { randomBytes, scryptSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { Authorizer, readCredentials, type ApiUser } from '../../src/ari/auth.ts';
import { Fault } from '../../src/errors.ts';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

function hash(password: string): string {
  const salt = randomBytes(16);
  return ['scrypt', salt.toString('base64'), scryptSync(password, salt, 32).toString('base64')].join(':');
}

async function outcome(users: Record<string, ApiUser>, text: string, method = 'GET'): Promise<string> {
  try {
    await new Authorizer(users).authorize(readCredentials(basic(text), ''), method);
    return 'allowed';
  } catch (error) {
    return (error as Fault).kind;
  }
}

test.each([
  [basic('a:b:c'), '', { name: 'a', password: 'b:c' }],
  [basic('a:'), '', { name: 'a', password: '' }],
  [basic('ä:ö'), '', { name: 'ä', password: 'ö' }],
  [undefined, 'api_key=a:b', { name: 'a', password: 'b' }],
  [undefined, 'api_key=x:y&api_key=a:b', { name: 'a', password: 'b' }],
  [basic('a:b'), 'api_key=c:d', { name: 'a', password: 'b' }],
  ['Bearer x', 'api_key=c:d', { name: 'c', password: 'd' }],
  [basic('no colon'), 'api_key=c:d', { name: 'c', password: 'd' }],
  [`basic ${basic('a:b').slice(6)}`, '', undefined],
  [undefined, 'api_key=a', undefined],
  [undefined, '', undefined],
  [basic(`a:${'x'.repeat(254)}`), '', undefined],
])('credentials of %s and "%s"', (header, query, credentials) => {
  expect(readCredentials(header, query)).toEqual(credentials);
});

test('a password is compared with a password or with a hash of it', async () => {
  const users = { plain: { password: 'pä' }, hashed: { password_hash: hash('pä') } };
  expect(await outcome(users, 'plain:pä')).toBe('allowed');
  expect(await outcome(users, 'plain:p')).toBe('unauthorized');
  expect(await outcome(users, 'hashed:pä')).toBe('allowed');
  expect(await outcome(users, 'hashed:p')).toBe('unauthorized');
  expect(await outcome(users, 'nobody:pä')).toBe('unauthorized');
  expect(await outcome(users, 'constructor:pä')).toBe('unauthorized');
});

test('a hash that was matched once is not computed again, and a wrong password is still wrong', async () => {
  const authorizer = new Authorizer({ a: { password_hash: hash('right') } });
  const credentials = { name: 'a', password: 'right' };
  await authorizer.authorize(credentials, 'GET');
  const again = Promise.all(Array.from({ length: 1_000 }, async () => authorizer.authorize(credentials, 'GET')));
  await expect(again).resolves.toHaveLength(1_000);
  await expect(authorizer.authorize({ ...credentials, password: 'wrong' }, 'GET')).rejects.toThrow(Fault);
});

test('more logins at once than can be computed are told to come again', async () => {
  const authorizer = new Authorizer({ a: { password_hash: hash('right') } });
  const logins = Array.from({ length: 100 }, (_, index) =>
    Promise.resolve(authorizer.authorize({ name: 'a', password: `wrong ${index}` }, 'GET')).catch(
      (error: Fault) => error.kind,
    ),
  );
  const kinds = await Promise.all(logins);
  expect(kinds.filter((kind) => kind === 'unauthorized')).toHaveLength(64);
  expect(kinds.filter((kind) => kind === 'unavailable')).toHaveLength(36);
});

test('a user who may only read may use GET and OPTIONS', async () => {
  const users = { ro: { password: 'ro', read_only: true } };
  const methods = ['GET', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'HEAD'];
  const outcomes = await Promise.all(methods.map((method) => outcome(users, 'ro:ro', method)));
  expect(outcomes).toEqual(['allowed', 'allowed', 'forbidden', 'forbidden', 'forbidden', 'forbidden']);
});

test('a user without a password, or with a hash of another form, is refused at the start', () => {
  expect(() => new Authorizer({ a: {} })).toThrow('ari.users.a');
  expect(() => new Authorizer({ a: { password_hash: 'md5:x:y' } })).toThrow('ari.users.a');
});

test('a password in the configuration is compared at once, a hash is computed', async () => {
  const authorizer = new Authorizer({ a: { password: 'right' }, h: { password_hash: hash('right') } });
  const admit = (name: string, password: string): unknown => authorizer.authorize({ name, password }, 'GET');
  expect(admit('a', 'right')).toEqual({ name: 'a', isReadOnly: false });
  expect(() => admit('a', 'wrong')).toThrow('Authentication required');
  await expect(admit('h', 'right')).resolves.toEqual({ name: 'h', isReadOnly: false });
  await expect(admit('h', 'wrong')).rejects.toThrow('Authentication required');
});
