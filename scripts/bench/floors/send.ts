// The floor of REST → SIP: a bare Fastify whose one route sends a MESSAGE over UDP and answers 202.
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';

interface Query {
  readonly from: string;
  readonly body: string;
}

const { sinkPort } = JSON.parse(process.argv[2]!) as { readonly sinkPort: number };
const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
// The telephone's answers.
socket.on('message', () => undefined);
await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
const { port } = socket.address();
let sequence = 0;

const server = fastify();
server.put<{ Querystring: Query }>(
  '/ari/endpoints/:technology/:resource/sendMessage',
  ({ query: { from, body } }, reply) => {
    const id = sequence++;
    const message =
      `MESSAGE sip:bench@127.0.0.1:${sinkPort} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK${id}\r\n` +
      `Max-Forwards: 70\r\nFrom: <${from}>;tag=${id}\r\nTo: <sip:bench@127.0.0.1:${sinkPort}>\r\nCall-ID: ${id}@127.0.0.1\r\n` +
      `CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    socket.send(message, sinkPort, '127.0.0.1');
    void reply.code(202).send({ id: `${id}`, state: 'queued', endpoint: 'PJSIP/bench', from, body });
  },
);
await server.listen({ host: '127.0.0.1', port: 0 });
const { port: http } = server.server.address() as AddressInfo;
console.log(JSON.stringify({ http }));
