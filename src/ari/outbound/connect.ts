// One try to open a WebSocket to a server.
import type { Writable } from 'node:stream';
import { WebSocket } from 'ws';
import { Fault } from '../../errors.ts';
import { LONGEST_FRAME } from '../websocket.ts';
import type { Target } from './binding.ts';

/**
 * Gives what `open` makes of the WebSocket; it is called before anything can have come over it. Fails with a Fault
 * 'unavailable' when there is none in time, or the signal comes first.
 */
export function connect<T>(
  { uri, protocols, credentials, tls, timeout }: Target,
  signal: AbortSignal,
  open: (socket: WebSocket, connection: Writable) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(uri, [...protocols], {
      maxPayload: LONGEST_FRAME,
      perMessageDeflate: false,
      ...(credentials && { headers: { Authorization: basic(credentials) } }),
      ...(tls.ca !== undefined && { ca: tls.ca }),
      rejectUnauthorized: tls.verifiesCertificate,
      // What it gives is an error, if anything.
      ...(!tls.verifiesHostname && { checkServerIdentity: () => false }),
    });
    let problem = '';
    const giveUp = (reason: string): void => {
      problem = reason;
      socket.terminate();
    };
    const abort = (): void => giveUp('it is no longer wanted');
    const timer = setTimeout(() => giveUp(`no answer within ${timeout} ms`), timeout);
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort);
    let connection: Writable | undefined;
    socket.once('upgrade', (response) => (connection = response.socket));
    socket.once('open', () => {
      settle();
      resolve(open(socket, connection!));
    });
    // Of one that is open, the close that follows says all there is to say.
    socket.on('error', (error) => {
      settle();
      reject(new Fault('unavailable', problem || wordsOf(error), { cause: error }));
    });
  });
}

const basic = ({ username, password }: NonNullable<Target['credentials']>): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** Where several addresses were tried, the error of all has no message. */
const wordsOf = (error: Error & { readonly code?: string }): string => error.message || (error.code ?? error.name);
