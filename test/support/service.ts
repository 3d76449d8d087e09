// The whole service on free ports of the loopback, over real sockets, closed when the test ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Telephone, type TelephoneOptions } from '../../scripts/demo/telephone.ts';
import { createApp, type App } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { connectApp, restClient, type AriApp, type AriEvent, type RestClient } from '../../scripts/demo/application.ts';

export interface Service {
  readonly app: App;
  /** "http://127.0.0.1:40000/ari" */
  readonly base: string;
  readonly sip: { readonly host: string; readonly port: number; readonly tcpPort: number };
  readonly rest: RestClient;
  readonly logged: readonly string[];
  telephone(user: string, options?: Partial<TelephoneOptions>): Promise<Telephone>;
  /** Connects an application, subscribed to the sources. */
  application(
    name: string,
    sources?: readonly string[],
    options?: {
      readonly subscribeAll?: boolean;
      readonly extensions?: boolean;
      readonly onEvent?: (event: AriEvent) => void;
    },
  ): Promise<AriApp>;
  stop(): Promise<void>;
}

const sample = `
endpoint: { foo: { context: default, auth: foo, aors: [ foo ] }, bar: { context: default, auth: bar, aors: [ bar ] } }
auth: { foo: { username: foo, password: foo-secret }, bar: { username: bar, password: bar-secret } }
aor: { foo: { max_contacts: 5 }, bar: { max_contacts: 5 } }`;

export interface ServiceOptions {
  /** YAML of the pjsip section; endpoints foo and bar as in the sample configuration if left out. */
  readonly pjsip?: string;
  /** YAML of the contexts. */
  readonly contexts?: string;
  /** YAML of the keys of the xmpp section, in one line: "account: { ... }, peer: { ... }". */
  readonly xmpp?: string;
  readonly data?: string;
  readonly sipServer?: string;
  /** Further addresses to listen on, besides udp and tcp: "wss://127.0.0.1:0". */
  readonly listen?: readonly string[];
  /** YAML of further keys of the sip section, in one line: "tls: { ... }". */
  readonly sip?: string;
  /** YAML of keys of the messages and the events sections, in one line: "store: false". */
  readonly messages?: string;
  readonly events?: string;
  /** YAML of the WebSockets to open: `clients` are servers, `bindings` say for which applications; each in one line. */
  readonly outbound?: { readonly clients: string; readonly bindings: string };
}

export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const {
    pjsip = sample,
    contexts = 'default: { "_X.": { app: hello, args: [ a, b ] } }',
    sipServer = 'embedded',
  } = options;
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'arion-')));
  const indented = (text: string): string => text.trim().replaceAll('\n', '\n  ');
  const config = readConfig({
    text: `
http: { port: 0 }
ari: { users: { ari: { password: ari }, reader: { password: reader, read_only: true } }, allowed_origins: [ "https://app.example" ], outbound_websockets: { ${options.outbound?.bindings ?? ''} } }
websocket_client: { ${options.outbound?.clients ?? ''} }
sip:
  server: ${sipServer}
  listen: ${JSON.stringify(['udp://127.0.0.1:0', 'tcp://127.0.0.1:0', ...(options.listen ?? [])])}
  ${options.sip ?? ''}
data: ${data}
messages: { ${options.messages ?? ''} }
events: { ${options.events ?? ''} }
xmpp: { ${options.xmpp ?? ''} }
pjsip:
  ${indented(pjsip)}
contexts:
  ${indented(contexts)}
`,
  });
  const logged: string[] = [];
  const app = createApp(config, { freeze: true, log: (level, text) => void logged.push(`${level}: ${text}`) });
  await app.start();
  const base = `http://127.0.0.1:${app.http.port}/ari`;
  const udp = app.sip.find(({ protocol }) => protocol === 'udp')!;
  const tcp = app.sip.find(({ protocol }) => protocol === 'tcp')!;
  const rest = restClient(base);
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    await app.stop();
  };
  onTestFinished(async () => {
    await stop();
    if (options.data === undefined) await rm(data, { recursive: true, force: true });
  });
  return {
    app,
    base,
    sip: { host: udp.address, port: udp.port, tcpPort: tcp.port },
    rest,
    logged,
    stop,
    async telephone(user, more = {}) {
      const listening = app.sip.find(({ protocol }) => protocol === (more.transport ?? 'udp'))!;
      const telephone = await Telephone.open({
        user,
        password: `${user}-secret`,
        server: { host: listening.address, port: listening.port },
        domain: '127.0.0.1',
        ...more,
      });
      onTestFinished(() => telephone.close());
      return telephone;
    },
    async application(name, sources = [], more = {}) {
      const application = await connectApp(base, name, more);
      onTestFinished(() => application.close());
      for (const eventSource of sources) {
        const { status } = await rest('POST', `/applications/${name}/subscription`, { eventSource });
        if (status !== 200) throw new Error(`subscribing ${name} to ${eventSource} was answered ${status}`);
      }
      return application;
    },
  };
}
