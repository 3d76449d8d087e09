// A web service that says what becomes of requests, and applications that listen for them.
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import Srf from 'drachtio-srf';
import { onTestFinished } from 'vitest';
import { type SipServerOptions } from '../../../src/sip-server/index.ts';
import type { Party } from '../replay/parties.ts';
import { stage, type Handler, type Stage } from '../stage.ts';

export interface WebService {
  readonly url: string;
  /** The parameters of each question, in order. */
  readonly asked: Record<string, string>[];
}

/** Answers every question with this text, or not at all. */
export async function webService(answer: string | (() => string) | undefined, status = 200): Promise<WebService> {
  const asked: Record<string, string>[] = [];
  const server = createHttpServer((req, res) => {
    const { searchParams } = new URL(req.url ?? '', 'http://x');
    asked.push({ ...Object.fromEntries(searchParams), accept: req.headers.accept ?? '' });
    if (answer !== undefined) res.writeHead(status).end(typeof answer === 'string' ? answer : answer());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

/** A server that asks about every method, and Alice. */
export async function scene(
  action: string | undefined,
  data: object = {},
  options: Partial<SipServerOptions> = {},
): Promise<Stage & { alice: Party; asked: WebService['asked'] }> {
  const { url, asked } = await webService(action && JSON.stringify({ action, data }));
  const staged = await stage({ requestHandlers: { '*': url }, ...options });
  return { ...staged, alice: await staged.peer(), asked };
}

/** drachtio-srf that listens for connections of the server's. */
export async function listening(prepare: (srf: Srf, end: (req: unknown) => void) => void): Promise<number> {
  const srf = new Srf();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Its own types know a port only.
  const listenable = srf as unknown as { listen(options: object): void };
  listenable.listen({ server, secret: 'secret' });
  srf.on('error', () => undefined);
  const ending = srf as unknown as { endSession(req: unknown): void };
  prepare(srf, (req) => ending.endSession(req));
  // Not awaited: the connections are the SIP server's, and end with it.
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

export const on = (srf: Srf, method: 'message' | 'invite', handler: Handler): void =>
  (srf as unknown as Record<string, (handler: Handler) => void>)[method]!(handler);

export const statusLine = (text: string): string => text.split('\r\n')[0]!;
