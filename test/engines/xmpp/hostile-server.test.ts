// A server that means no good, or has gone mad: what it sends ends the stream, and nothing else.
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { xmppStream } from '../../../src/engines/xmpp/index.ts';
import { stanza, textOf, childOf, type XmlElement } from '../../../src/technologies/xmpp/xml.ts';
import { eventually } from '../../support/person.ts';

const HEAD = `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1' from='gw.example'>`;

/** Takes every component, and then sends what it is told. */
async function openTo(...parts: readonly (string | Buffer)[]) {
  let answer = '';
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const text = data.toString();
      answer += text;
      if (text.includes('<stream:stream')) socket.write(HEAD);
      if (!text.includes('<handshake')) return;
      socket.write('<handshake/>');
      // Each part comes by itself.
      parts.forEach((part, index) => setTimeout(() => socket.write(part), 30 * (index + 1)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const stream = xmppStream({
    ...{
      kind: 'component',
      domain: 'gw.example',
      secret: 's',
      host: '127.0.0.1',
      port,
      tls: 'none',
      maxStanza: 10_000,
    },
  });
  onTestFinished(async () => {
    await stream.close(false);
    await new Promise((resolve) => server.close(resolve));
  });
  const stanzas: XmlElement[] = [];
  const [closings, refusals]: [string[], string[]] = [[], []];
  await stream.open(
    {
      stanza: async (each) => void stanzas.push(each),
      refused: (head, reason) => void refusals.push(`${head.name} ${reason}`),
      closed: (reason) => void closings.push(reason),
    },
    false,
  );
  return { stream, stanzas, closings, refusals, answer: () => answer };
}

const message = (inner: string): string => `<message from='a@b' to='gw.example'>${inner}</message>`;
const bodiesOf = (stanzas: readonly XmlElement[]) => stanzas.map((each) => textOf(childOf(each, 'body') ?? stanza('')));

test.each([
  ['an entity that nobody defined', message('<body>&lol;</body>')],
  ['a type of document with entities', `<!DOCTYPE lolz [<!ENTITY lol "lol">]>`],
  ['a comment', message('<!-- x --><body>hi</body>')],
  ['an instruction', message('<?php x ?><body>hi</body>')],
  ['a character that XML cannot have', message('<body>&#0;</body>')],
  ['bytes that are no UTF-8', Buffer.from([0x3c, 0x61, 0xff, 0xfe])],
  ['tags in each other’s way', message('<body>hi</a></body>')],
  ['a tag that does not end', `<message from='${'x'.repeat(400_000)}`],
  ['a CDATA section that does not end', `<message><body><![CDATA[${'x'.repeat(400_000)}`],
  ['a text that does not end', `<message><body>${'x'.repeat(400_000)}`],
])('%s ends the stream', async (_, part) => {
  const { closings, stream, stanzas } = await openTo(part);
  await eventually(() => closings.length === 1);
  expect(stanzas).toEqual([]);
  await expect(stream.send(stanza('presence'))).rejects.toMatchObject({ kind: 'unavailable' });
});

test('what cannot be read is said to be so, and counted', async () => {
  const { stream, answer, closings } = await openTo(message('<body>&lol;</body>'));
  await eventually(() => closings.length === 1);
  await eventually(() => answer().includes('not-well-formed'));
  expect(stream.refusals.malformed).toBe(1);
});

test('a character that the network has cut in two is whole, and so is what else it cuts', async () => {
  const bytes = Buffer.from(message('<body>€<![CDATA[<b>]]>&lt;</body>'));
  const cuts = [40, bytes.indexOf(0xe2) + 1, bytes.indexOf('<![CDATA') + 2, bytes.indexOf('&lt;') + 2, bytes.length];
  const parts = cuts.map((end, index) => bytes.subarray(index === 0 ? 0 : cuts[index - 1], end));
  const { stanzas, closings } = await openTo(...parts);
  await eventually(() => stanzas.length === 1);
  expect([bodiesOf(stanzas), closings]).toEqual([['€<b><'], []]);
});

test('stanzas without end, with a million children or a thousand levels, take no room', async () => {
  const deep = `${'<a>'.repeat(5_000)}${'</a>'.repeat(5_000)}`;
  const wide = '<a b="c"/>'.repeat(20_000);
  const { stanzas, refusals, closings } = await openTo(
    message(deep),
    message(wide),
    ' '.repeat(50_000),
    message('<body>fine</body>'),
  );
  await eventually(() => stanzas.length === 1);
  expect([bodiesOf(stanzas), refusals, closings]).toEqual([['fine'], ['message too-deep', 'message too-large'], []]);
});

test('white space between stanzas says that the server is there, however long it goes on', async () => {
  const spaces = Array.from({ length: 40 }, () => '\n '.repeat(2_000));
  const { stanzas, closings } = await openTo(message('<body> a </body>'), ...spaces, message('<body>fine</body>'));
  await eventually(() => stanzas.length === 2);
  expect([bodiesOf(stanzas), closings]).toEqual([[' a ', 'fine'], []]);
});

test('addresses that are none do no harm', async () => {
  const { stanzas, closings } = await openTo(
    `<message from='@' to='//'><body>x</body></message>`,
    message('<body>fine</body>'),
  );
  await eventually(() => stanzas.length === 2);
  expect(closings).toEqual([]);
});

test('an error of the stream ends it, and leads to no other server', async () => {
  const other = `<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:1</see-other-host>`;
  const { closings, answer } = await openTo(`<stream:error>${other}</stream:error>`);
  await eventually(() => closings.length === 1);
  expect(closings).toEqual(['The server has ended the stream: see-other-host']);
  expect(answer().split('<stream:stream').length).toBe(2);
});
