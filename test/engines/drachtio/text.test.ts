// How the room reads and writes SIP text.
import { expect, test } from 'vitest';
import { readAddresses, readMessage, requestHeaders } from '../../../src/engines/drachtio/text.ts';

test('a message is read line by line, with compact names written out and folded lines joined', () => {
  const { startLine, headers, body } = readMessage(
    'MESSAGE sip:a SIP/2.0\r\nv: 1\r\nVia : 2\r\nSubject: a\r\n\tb\r\nX-Empty:\r\n\r\nbody\r\n\r\nand more',
  );
  expect(startLine).toBe('MESSAGE sip:a SIP/2.0');
  expect([...headers]).toEqual([
    ['Via', '1'],
    ['Via', '2'],
    ['Subject', 'a b'],
    ['X-Empty', ''],
  ]);
  expect(body).toBe('body\r\n\r\nand more');
});

test('the body ends where Content-Length says, in bytes', () => {
  const read = (length: string): string => readMessage(`A b SIP/2.0\r\n${length}\r\n\r\né☎abc`).body;
  expect(read('Content-Length: 5')).toBe('é☎');
  expect(read('l: 0')).toBe('');
  expect(read('Content-Length: 900')).toBe('é☎abc');
  expect(read('X: 1')).toBe('é☎abc');
});

test('lines of one name are joined in their order under the name that came first', () => {
  expect(
    requestHeaders([
      ['X-A', '1'],
      ['Accept', 'text/plain'],
      ['x-a', '2'],
    ]),
  ).toEqual({ 'X-A': '1, 2', Accept: 'text/plain' });
});

test('a line that the SIP server writes itself is refused rather than lost', () => {
  for (const name of ['Via', 'Record-Route', 'RSeq', 'content-length']) {
    expect(() => requestHeaders([[name, '1']])).toThrow(`the header ${name} is written by the SIP server alone`);
  }
});

test('addresses are read with either kind of host', () => {
  expect(readAddresses('udp/127.0.0.1:5060, tls/[2001:db8::1]:5061')).toEqual([
    { protocol: 'udp', address: '127.0.0.1', port: 5060 },
    { protocol: 'tls', address: '2001:db8::1', port: 5061 },
  ]);
  expect(readAddresses('')).toEqual([]);
});
