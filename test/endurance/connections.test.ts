// Ten thousand connections that are opened and reset, at every stage of what a connection may be used for.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setImmediate } from 'node:timers/promises';
import { test } from 'vitest';
import { below, pick } from '../fuzz/mutate.ts';
import { certificateFiles } from '../support/certificate.ts';
import { endure, strangerAddress, type Scene } from './endure.ts';

const CONNECTIONS = 10_000;
const AT_ONCE = 50;

const request = (number: number): string =>
  [
    'MESSAGE sip:1001@127.0.0.1 SIP/2.0',
    `Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKreset${number}`,
    'Max-Forwards: 70',
    `From: <sip:stranger@127.0.0.1>;tag=${number}`,
    'To: <sip:1001@127.0.0.1>',
    `Call-ID: reset-${number}`,
    'CSeq: 1 MESSAGE',
    'Content-Type: text/plain',
    'Content-Length: 5',
    '',
    'hello',
  ].join('\r\n');

const upgrade = (path: string, protocol: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Protocol: ${protocol}`,
    '\r\n',
  ].join('\r\n');

interface Kind {
  readonly name: string;
  readonly place: (scene: Scene) => { readonly host: string; readonly port: number };
  readonly text: (number: number, hello: string) => string;
}

const http = ({ url }: Scene): { host: string; port: number } => ({
  host: '127.0.0.1',
  port: Number(new URL(url).port),
});
const kinds: readonly Kind[] = [
  { name: 'SIP over TCP', place: ({ at }) => at('tcp'), text: request },
  { name: 'SIP over TLS', place: ({ at }) => at('tls'), text: (_, hello) => hello },
  { name: 'SIP over WebSocket', place: ({ at }) => at('ws'), text: () => upgrade('/', 'sip') },
  { name: 'the API', place: http, text: () => 'GET /ari/asterisk/ping?api_key=ari:ari HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'events', place: http, text: (number) => upgrade(`/ari/events?app=a${number % 10}&api_key=ari:ari`, 'ari') },
];
/** How far a connection gets before it is reset. */
const stages = ['opened', 'begun', 'all but the last octet', 'sent', 'answered', 'answered and begun again'] as const;

test(`${CONNECTIONS} connections opened and reset at every stage`, async () => {
  const { certFile, keyFile } = await certificateFiles();
  const hello = await clientHello();
  await endure('connections', {
    listen: ['ws://127.0.0.1:0', 'tls://127.0.0.1:0'],
    sip: [`tls: { cert_file: "${certFile}", priv_key_file: "${keyFile}" }`],
    async load(scene) {
      const begun = performance.now();
      let next = 0;
      const counts = new Map<string, number>();
      const work = async (): Promise<void> => {
        while (next < CONNECTIONS) {
          const number = next++;
          const kind = kinds[number % kinds.length]!;
          const stage = stages[Math.floor(number / kinds.length) % stages.length]!;
          counts.set(kind.name, (counts.get(kind.name) ?? 0) + 1);
          await openAndReset(scene, kind, stage, kind.text(number, hello));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
      const told = [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
      return `${next} connections (${told}), each at one of ${stages.length} stages, in ${seconds} s`;
    },
  });
});

async function openAndReset(scene: Scene, kind: Kind, stage: (typeof stages)[number], text: string): Promise<void> {
  const socket = connect({ ...kind.place(scene), localAddress: strangerAddress(below(scene.random, 200)) });
  socket.on('error', () => undefined);
  socket.resume();
  const write = (octets: string): void => void socket.write(octets, 'latin1');
  await happens(socket, 'connect');
  if (stage === 'begun') write(text.slice(0, 1 + below(scene.random, text.length - 1)));
  else if (stage === 'all but the last octet') write(text.slice(0, -1));
  else if (stage !== 'opened') write(text);
  if (stage.startsWith('answered')) await happens(socket, 'data');
  if (stage === 'answered and begun again') write(pick(scene.random, [text.slice(0, 20), '\x81\xfe', 'x']));
  await setImmediate();
  socket.resetAndDestroy();
  await new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
}

/** How a TLS client begins, octet by octet. */
async function clientHello(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connectTls({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [octets] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  server.close();
  return octets.toString('latin1');
}

/** Or the connection ends; a server that owes no answer at this stage is given a second, and the reset comes then. */
const happens = (socket: Socket, event: 'connect' | 'data'): Promise<unknown> =>
  new Promise((resolve) => {
    socket.once(event, resolve).once('close', resolve);
    setTimeout(resolve, 1_000);
  });
