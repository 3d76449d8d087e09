// The floor of inbound messages: a UDP socket that answers each MESSAGE with 202, and does nothing else.
import { createSocket } from 'node:dgram';

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });

socket.on('message', (bytes, { port, address }) => {
  const text = bytes.toString('latin1');
  // Via, From, To, Call-ID and CSeq stand together but for Max-Forwards, which does no harm.
  const headers = text.slice(text.indexOf('\r\n'), text.indexOf('\r\nContact:'));
  socket.send(Buffer.from(`SIP/2.0 202 Accepted${headers}\r\nContent-Length: 0\r\n\r\n`, 'latin1'), port, address);
});
socket.bind(0, '127.0.0.1', () => console.log(JSON.stringify({ sip: socket.address().port })));
