// The connection under a stream: by TCP, or by TLS, which shows that the server speaks for its domain.
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Whom the server has to be, and who vouches for it. */
export interface Identity {
  readonly domain: string;
  readonly ca?: string | undefined;
}

/** In milliseconds: after which silence the system asks whether the other side is still there. */
const KEEP_ALIVE = 30_000;

export const tcpSocket = ({ host, port }: Place): Socket => connectTcp({ host, port });

export const tlsSocket = (place: Place | { readonly socket: Socket }, { domain, ca }: Identity): TLSSocket =>
  connectTls({
    ...place,
    // RFC 6120 13.7.2.1: its certificate is that of the domain, whatever the machine is called.
    ...(isIP(domain) === 0 ? { servername: domain } : { host: domain }),
    ...(ca !== undefined && { ca }),
    minVersion: 'TLSv1.2',
  });

/** Fails as the system does. */
export async function connected<S extends Socket | TLSSocket>(
  socket: S,
  event: 'connect' | 'secureConnect',
): Promise<S> {
  await once(socket, event);
  socket.setKeepAlive(true, KEEP_ALIVE);
  socket.setNoDelay(true);
  return socket;
}
