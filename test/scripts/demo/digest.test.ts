// The telephone's digest answers, against the examples that the RFCs print.
import { expect, test } from 'vitest';
import { answerable, authorization, challengesOf } from '../../../scripts/demo/digest.ts';

const mufasa = { username: 'Mufasa', password: 'Circle of Life', method: 'GET', uri: '/dir/index.html' };
const responseIn = (value: string): string | undefined => /\bresponse="([^"]*)"/.exec(value)?.[1];

test('MD5 and SHA-256 answers are those of RFC 7616 3.9.1', () => {
  const challenges = challengesOf([
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, ' +
      'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, ' +
      'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
  ]);
  const credentials = { ...mufasa, cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' };
  const answers = challenges.map((challenge) => responseIn(authorization(challenge, credentials)));
  expect(answers).toEqual([
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    '8ca523f5e9506fed4657c9700eebdbec',
  ]);
});

test('an MD5 answer with qop is the one of RFC 2617 3.5', () => {
  const [challenge = {}] = challengesOf([
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
      'opaque="5ccc069c403ebaf9f0171e9517f40e41"',
  ]);
  const value = authorization(challenge, { ...mufasa, password: 'Circle Of Life', cnonce: '0a4f113b' });
  expect(responseIn(value)).toBe('6629fae49393a05397450978507c4ef1');
});

test('without qop the answer is the one of RFC 2069, and carries no count', () => {
  const [challenge = {}] = challengesOf([
    'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
  ]);
  const value = authorization(challenge, { ...mufasa, password: 'Circle Of Life', cnonce: 'unused' });
  expect(responseIn(value)).toBe('670fd8c2df070c60b045671b8b24ff02');
  expect(value).not.toMatch(/nc=|cnonce=|qop=/);
});

test('several challenges are found in several lines or in one, and the first that can be answered is taken', () => {
  const lines = ['Digest realm="a, Digest b", nonce="1", algorithm=SHA-512-256', 'Digest realm="c", nonce="2"'];
  for (const values of [lines, [lines.join(', ')]]) {
    expect(challengesOf(values).map(({ nonce }) => nonce)).toEqual(['1', '2']);
    expect(answerable(challengesOf(values))?.['realm']).toBe('c');
  }
});
