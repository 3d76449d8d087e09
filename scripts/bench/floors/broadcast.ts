// The floor of fan-out: what comes over UDP is answered 202 and sent to every WebSocket, as an event of the same size.
import { createSocket } from 'node:dgram';
import { WebSocketServer, type AddressInfo, type WebSocket } from 'ws';

/** `event` is one of the service's; the body of its message is replaced. */
const { event } = JSON.parse(process.argv[2]!) as { readonly event: string };
const [before, after] = event.split('BODY') as [string, string];
const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
const clients: WebSocket[] = [];
server.on('connection', (client) => clients.push(client));

socket.on('message', (bytes, { port, address }) => {
  const text = bytes.toString('latin1');
  const headers = text.slice(text.indexOf('\r\n'), text.indexOf('\r\nContact:'));
  socket.send(Buffer.from(`SIP/2.0 202 Accepted${headers}\r\nContent-Length: 0\r\n\r\n`, 'latin1'), port, address);
  const frame = Buffer.from(`${before}${text.slice(text.indexOf('\r\n\r\n') + 4)}${after}`, 'latin1');
  for (const client of clients) client.send(frame, { binary: false });
});
socket.bind(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ sip: socket.address().port, http: (server.address() as AddressInfo).port })),
);
