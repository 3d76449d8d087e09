// What becomes of bodies that are no text, with the embedded server and with a real one.
import { expect, test } from 'vitest';
import { anyBodies, textBodies } from '../../../src/engines/drachtio/bodies.ts';

const framed = 'MESSAGE sip:a SIP/2.0\r\nX-A: 1\r\nX-Arion-Body-Encoding: base64\r\nContent-Length: 4\r\n\r\n/w==';

test('the embedded server says how a body is written, and nothing of it shows but that', () => {
  const { headers, ...rest } = anyBodies.read(framed);
  expect(rest).toEqual({ startLine: 'MESSAGE sip:a SIP/2.0', body: '/w==', bodyEncoding: 'base64' });
  expect([...headers]).toEqual([
    ['X-A', '1'],
    ['Content-Length', '1'],
  ]);
  expect(anyBodies.write({ 'X-A': '1' }, { body: '/w==', bodyEncoding: 'base64' })).toEqual({
    headers: { 'X-A': '1', 'X-Arion-Body-Encoding': 'base64' },
    body: '/w==',
  });
});

test('of a real server it is not believed, since anybody can have written it', () => {
  const { body, bodyEncoding } = textBodies.read(framed);
  expect([body, bodyEncoding]).toEqual(['/w==', undefined]);
});

test('what a real server may have damaged is not taken for whole', () => {
  const message = (body: string) => textBodies.read(`MESSAGE sip:a SIP/2.0\r\n\r\n${body}`);
  expect([textBodies.mayLack(message('a\ufffd')), textBodies.mayLack(message('é😀'))]).toEqual([true, false]);
  expect(anyBodies.mayLack(message('a\ufffd'))).toBe(false);
});

test('to a real server nothing but text is given', () => {
  const unsupported = expect.objectContaining({ name: 'Fault', kind: 'unsupported-media' });
  expect(() => textBodies.write({}, { body: '/w==', bodyEncoding: 'base64' })).toThrow(unsupported);
  expect(textBodies.write({}, { body: 'hello' })).toEqual({ headers: {}, body: 'hello' });
});
