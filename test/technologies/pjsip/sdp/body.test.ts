// The session description in a body, alone or among others.
import { describe, expect, test } from 'vitest';
import { sdpOf } from '../../../../src/technologies/pjsip/sdp/index.ts';
import { SipHeaders } from '../../../../src/technologies/pjsip/stack.ts';

const read = (type: string | undefined, body: string, disposition?: string) =>
  sdpOf({
    headers: new SipHeaders([
      ...(type === undefined ? [] : [['Content-Type', type] as const]),
      ...(disposition === undefined ? [] : [['Content-Disposition', disposition] as const]),
    ]),
    body,
  });

const part = (type: string, body: string, ...more: readonly string[]): string =>
  [...(type === '' ? [] : [`Content-Type: ${type}`]), ...more, '', body].join('\r\n');
const parts = (...all: readonly string[]): string =>
  `preamble\r\n${all.map((each) => `--b\r\n${each}\r\n`).join('')}--b--\r\nepilogue\r\n`;

describe('a body', () => {
  test.each([
    ['nothing is nothing, whatever its type', 'text/plain', '', { kind: 'none' }],
    ['SDP is taken', 'application/sdp', 'v=0', { kind: 'sdp', text: 'v=0' }],
    ['in any case and with parameters', 'Application/SDP; charset=utf-8', 'v=0', { kind: 'sdp', text: 'v=0' }],
    ['another type is not understood', 'application/isup', 'x', { kind: 'unsupported' }],
    ['nor one that only begins like SDP', 'application/sdpx', 'x', { kind: 'unsupported' }],
    ['nor one without a type', undefined, 'v=0', { kind: 'unsupported' }],
  ])('%s', (_, type, body, expected) => {
    expect(read(type, body)).toEqual(expected);
  });

  test('that is optional is passed over (RFC 3261 20.11)', () => {
    expect(read('application/isup', 'x', 'signal; handling=optional')).toEqual({ kind: 'none' });
  });
});

describe('a body of several parts', () => {
  const mixed = 'multipart/mixed; boundary=b';
  test.each([
    ['gives its SDP', mixed, [part('application/sdp', 'v=0\r\ns=-\r\n')], { kind: 'sdp', text: 'v=0\r\ns=-\r\n' }],
    [
      'with a quoted boundary',
      'multipart/mixed;x=y;boundary="b"',
      [part('application/sdp', 'v=0')],
      { kind: 'sdp', text: 'v=0' },
    ],
    [
      'wherever it stands, beside what is optional',
      mixed,
      [part('application/isup', 'x', 'Content-Disposition: signal;handling=optional'), part('application/sdp', 'v=0')],
      { kind: 'sdp', text: 'v=0' },
    ],
    [
      'but not beside what is required',
      mixed,
      [part('application/isup', 'x'), part('application/sdp', 'v=0')],
      { kind: 'unsupported' },
    ],
    ['a part without a type is text', mixed, [part('', 'hello')], { kind: 'unsupported' }],
    [
      'of another kind is not understood',
      'multipart/related; boundary=b',
      [part('application/sdp', 'v=0')],
      { kind: 'unsupported' },
    ],
  ])('%s', (_, type, all, expected) => {
    expect(read(type, parts(...all))).toEqual(expected);
  });

  test('may begin with its boundary, and lack the last', () => {
    expect(read(mixed, '--b\r\nContent-Type: application/sdp\r\n\r\nv=0')).toEqual({ kind: 'sdp', text: 'v=0' });
  });
});
