// The floor of calls: a UDP socket that answers INVITE and BYE with 200, and does nothing else.
import { createSocket } from 'node:dgram';

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';

socket.on('message', (bytes, { port, address }) => {
  const text = bytes.toString('latin1');
  if (text.startsWith('ACK')) return;
  // Via, From, To, Call-ID and CSeq, between the request line and Contact; To ends the line before Call-ID.
  const headers = text.slice(text.indexOf('\r\n'), text.indexOf('\r\nContact:'));
  const isInvite = text.startsWith('INVITE');
  const tagged = isInvite ? headers.replace('\r\nCall-ID:', ';tag=floor\r\nCall-ID:') : headers;
  const contact = `\r\nContact: <sip:127.0.0.1:${socket.address().port}>`;
  const body = isInvite
    ? `\r\nContent-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`
    : '\r\nContent-Length: 0\r\n\r\n';
  socket.send(Buffer.from(`SIP/2.0 200 OK${tagged}${contact}${body}`, 'latin1'), port, address);
});
socket.bind(0, '127.0.0.1', () => console.log(JSON.stringify({ sip: socket.address().port })));
