// Which application takes a call.
import { describe, expect, test } from 'vitest';
import { parseExtension, Routing } from '../../src/core/routing.ts';

const to = (app: string) => ({ app, args: [] });
const routing = new Routing(
  {
    default: {
      '100': to('exact'),
      '_X.': to('any'),
      _1XX: to('hundreds'),
      '_1[0-2]0': to('set'),
      '_NXXNXX-XXXX': to('national'),
      '_Z!': to('open'),
      operator: to('operator'),
    },
    strict: { _20XX: to('four') },
  },
  (name) => name === 'hello',
);
const taker = (context: string, exten: string) => {
  const lookup = routing.lookup(context, exten);
  return lookup.kind !== 'found' ? lookup.kind : 'app' in lookup.route ? lookup.route.app : 'no application';
};

describe('an extension', () => {
  test.each([
    ['100', 'exact', 'a literal before every pattern'],
    ['110', 'set', 'a small set before a class'],
    ['199', 'hundreds', 'a class before a wildcard'],
    ['2125551212', 'national', 'a dash is only for the eye'],
    ['9', 'open', 'an exclamation mark matches nothing more'],
    ['0', 'partial', 'a full stop wants one character more'],
    ['05', 'any', 'a full stop takes the rest'],
    ['operator', 'operator', 'letters are literal'],
    ['oper', 'partial', 'the beginning of a literal'],
    ['alice', 'none', 'nothing that begins so'],
  ])('%s goes to %s: %s', (exten, expected) => {
    expect(taker('default', exten)).toBe(expected);
  });

  test('too long, or with a wrong digit, matches nothing', () => {
    expect([taker('strict', '20123'), taker('strict', '2112'), taker('strict', '201')]).toEqual([
      'none',
      'none',
      'partial',
    ]);
  });

  test('in a context that does not exist matches nothing', () => {
    expect(taker('nowhere', '100')).toBe('none');
  });
});

test('every known application has a context of its own', () => {
  expect(routing.lookup('stasis-hello', 'anything')).toEqual({ kind: 'found', route: to('hello') });
  expect(taker('stasis-stranger', 'anything')).toBe('none');
});

test.each([
  ['_', 'an empty pattern'],
  ['_1[23', 'a "[" without its "]"'],
  ['_X.1', 'nothing may follow "."'],
])('%s is refused: %s', (text, reason) => {
  expect(parseExtension(text)).toBe(reason);
});
