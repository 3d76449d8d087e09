// A running server with what a test needs around it; everything is closed when the test ends.
import Srf from 'drachtio-srf';
import { expect, onTestFinished } from 'vitest';
import { SipServer, type SipServerOptions } from '../../src/sip-server/index.ts';
import { noNames } from './no-names.ts';
import { controlClient, tcpPeer, udpPeer, type Party } from './replay/parties.ts';

export interface Message {
  readonly body: string;
  readonly status: number;
  get(name: string): string;
  has(name: string): boolean;
  on(event: 'response' | 'cancel', listener: (message: Message) => void): void;
  cancel(done?: (error: unknown) => void): void;
}

export interface Response {
  send(status: number, options?: object): void;
}

export type Handler = (req: Message, res: Response) => void;

export interface Dialog {
  readonly id: string;
  readonly remote: { readonly sdp: string };
  on(event: string, listener: (req: Message, res: Response) => void): void;
  request(options: object): Promise<Message>;
  modify(sdp: string): Promise<string>;
  destroy(): Promise<unknown>;
}

/** What the tests use of drachtio-srf, whose own types name neither "register" nor "message". */
export interface Application {
  register(handler: Handler): void;
  message(handler: Handler): void;
  invite(handler: Handler): void;
  request(uri: string, options: object, done: (error: Error | null, req: Message) => void): void;
  request(uri: string, options: object): Promise<Message>;
  createUAS(req: Message, res: Response, options: object): Promise<Dialog>;
  createUAC(uri: string, options: object, progress?: object): Promise<Dialog>;
}

export interface Stage {
  readonly server: SipServer;
  /** The port of the first address of that protocol. */
  port(protocol?: 'udp' | 'tcp'): number;
  peer(protocol?: 'udp' | 'tcp'): Promise<Party>;
  /** A control connection; authenticated, and routed for these methods, unless told otherwise. */
  client(...methods: readonly string[]): Promise<Party>;
  rawClient(): Promise<Party>;
  /** A connected drachtio-srf with these handlers, all of them in place. */
  application(prepare?: (srf: Application) => void): Promise<Application>;
}

export async function stage(options: Partial<SipServerOptions> = {}): Promise<Stage> {
  const server = new SipServer({
    listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'],
    secret: 'secret',
    resolver: noNames,
    ...options,
  });
  await server.start();
  onTestFinished(() => server.stop());
  const port = (protocol = 'udp') => server.addresses.find((each) => each.protocol === protocol)!.port;
  const closing = (party: Party): Party => {
    onTestFinished(() => party.close());
    return party;
  };
  const rawClient = async () => closing(await controlClient(server.controlPort));
  return {
    server,
    port,
    rawClient,
    peer: async (protocol = 'udp') => closing(await (protocol === 'udp' ? udpPeer(port()) : tcpPeer(port('tcp')))),
    async client(...methods) {
      const client = await rawClient();
      for (const command of ['authenticate|secret|', ...methods.map((method) => `route|${method}`)]) {
        client.send(`id|${command}`);
        expect((await client.inbox.next()).split('|')[3]).toBe('OK');
      }
      return client;
    },
    async application(prepare) {
      const srf = new Srf();
      // A connection that the server ends at the end of the test is nothing to report.
      srf.on('error', () => undefined);
      void srf.connect({ host: '127.0.0.1', port: server.controlPort, secret: 'secret' });
      await new Promise<void>((resolve) => srf.on('connect', () => resolve()));
      onTestFinished(() => srf.disconnect());
      const application = srf as unknown as Application;
      prepare?.(application);
      // Commands are answered in order: when this one has been refused, every route is in place.
      await new Promise<void>((resolve) =>
        application.request('sip:nobody@127.0.0.1;transport=ws', { method: 'OPTIONS' }, () => resolve()),
      );
      return application;
    },
  };
}

let count = 0;

export interface RequestParts {
  readonly uri?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly to?: string;
  readonly branch?: string;
  readonly protocol?: 'UDP' | 'TCP' | 'TLS' | 'WS' | 'WSS';
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** A request as a telephone at that port would write it. */
export function request(method: string, port: number, parts: RequestParts = {}): string {
  count += 1;
  const { protocol = 'UDP', uri = 'sip:service@127.0.0.1', body = '' } = parts;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${protocol} 127.0.0.1:${port};branch=${parts.branch ?? `z9hG4bK-${count}`};rport`,
    'Max-Forwards: 70',
    'From: "Alice" <sip:alice@127.0.0.1>;tag=alice',
    `To: ${parts.to ?? '<sip:service@127.0.0.1>'}`,
    `Call-ID: ${parts.callId ?? `call-${count}`}`,
    `CSeq: ${parts.cseq ?? 1} ${method}`,
    `Contact: <sip:alice@127.0.0.1:${port}${protocol === 'UDP' ? '' : `;transport=${protocol.toLowerCase()}`}>`,
    ...(parts.headers ?? []),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

/** The response that a telephone gives to a request of the server's. */
export function response(toRequest: string, statusLine: string, headers: readonly string[] = [], body = ''): string {
  const copied = toRequest.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/i.test(line));
  const tagged = copied.map((line) =>
    /^To:/i.test(line) && !line.includes(';tag=') && !statusLine.startsWith('100') ? `${line};tag=bob` : line,
  );
  return [`SIP/2.0 ${statusLine}`, ...tagged, ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n');
}

/** The value of a header. */
export const valueOf = (message: string, name: string): string | undefined =>
  new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(message)?.[1];

/** What comes next, responses of that status aside: the 100 comes or not, as the moment wants. */
export async function past(party: Party, status: string): Promise<string> {
  for (;;) {
    const text = await party.inbox.next();
    if (!text.startsWith(`SIP/2.0 ${status} `)) return text;
  }
}

/** What comes next, provisional responses aside. */
export async function final(party: Party): Promise<string> {
  for (;;) {
    const text = await party.inbox.next();
    if (!/^SIP\/2\.0 1/.test(text)) return text;
  }
}
