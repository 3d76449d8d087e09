// npm run demo: the service, two simulated telephones and an application, all over real sockets, drawn as a ladder.
// Its exit status is 0 only if everything that should be seen was seen.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { connectApp, restClient, type AriEvent } from './application.ts';
import { ladder } from './ladder.ts';
import { Telephone } from './telephone.ts';

const APP = 'hello';
const isColoured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

const data = await mkdtemp(join(tmpdir(), 'arion-demo-'));
const config = readConfig({
  text: `
http: { port: 0 }
ari: { users: { ari: { password: ari } } }
sip: { listen: [ "udp://127.0.0.1:0" ] }
pjsip:
  endpoint:
    foo: { context: default, auth: foo, aors: [ foo ] }
    bar: { context: default, auth: bar, aors: [ bar ] }
  auth:
    foo: { username: foo, password: foo-secret }
    bar: { username: bar, password: bar-secret }
  aor: { foo: { max_contacts: 1 }, bar: { max_contacts: 1 } }
contexts: { default: { "_X.": { app: ${APP}, args: [ from the demo ] } } }
data: ${data}
`,
});
const service = createApp(config, {
  log: (level, text) => void (level !== 'info' && console.error(`${level}: ${text}`)),
});
await service.start();
const base = `http://127.0.0.1:${service.http.port}/ari`;
const sip = service.sip[0]!;
console.log(`Arion runs for this demo: API ${base}, SIP ${sip.protocol} ${sip.address}:${sip.port}\n`);

const draw = ladder(['foo', 'Arion', APP, 'bar'], (line) => console.log(line), isColoured);

async function openTelephone(user: string): Promise<Telephone> {
  return Telephone.open({
    user,
    password: `${user}-secret`,
    server: { host: sip.address, port: sip.port },
    onLog: ({ direction, text }) => {
      const label = text
        .slice(0, text.indexOf('\r\n'))
        .replace(/^SIP\/2\.0 | SIP\/2\.0$/g, '')
        .replace(/sip:(\S+?)(@\S*)?$/, '$1');
      if (direction === 'sent') draw.arrow(user, 'Arion', label);
      else draw.arrow('Arion', user, label);
    },
  });
}

/** What an event is about, in a few words. */
function label(event: AriEvent): string {
  const of = (member: string, property: string): unknown =>
    (event[member] as Record<string, unknown> | undefined)?.[property];
  const { type, variable, value } = event;
  const about: Readonly<Record<string, unknown>> = {
    TextMessageReceived: of('message', 'body'),
    PeerStatusChange: of('peer', 'peer_status'),
    ContactStatusChange: of('contact_info', 'contact_status'),
    EndpointStateChange: `${String(of('endpoint', 'resource'))} ${String(of('endpoint', 'state'))}`,
    ChannelStateChange: of('channel', 'state'),
    ChannelVarset: `${String(variable)}=${String(value)}`,
  };
  return type in about ? `${type} ${String(about[type])}` : type;
}

const application = await connectApp(base, APP, { onEvent: (event) => draw.arrow('Arion', APP, label(event)) });
const rest = restClient(base);
async function ask(method: string, path: string, query: Record<string, string> = {}): Promise<void> {
  draw.arrow(APP, 'Arion', `${method} ${path.replace(/\/\d+\.\d+/, '/…')}`);
  const { status } = await rest(method, path, query);
  if (status >= 300) throw new Error(`${method} ${path} was answered ${status}`);
}
const expectStatus = (what: string, wanted: number, found: number | undefined): void => {
  if (found !== wanted) throw new Error(`${what} should have been answered ${wanted}, and was answered ${found}`);
};

const [foo, bar] = [await openTelephone('foo'), await openTelephone('bar')];
try {
  draw.say('The application subscribes to the technology: it will hear of every endpoint and its channels.');
  await ask('POST', `/applications/${APP}/subscription`, { eventSource: 'endpoint:PJSIP' });

  draw.say('Both telephones register, with digest authentication.');
  expectStatus('REGISTER of foo', 200, (await foo.register()).status);
  await application.next('ContactStatusChange');
  expectStatus('REGISTER of bar', 200, (await bar.register()).status);
  await application.next('ContactStatusChange');

  draw.say('foo sends a message; the application answers it by REST, and writes to bar as well.');
  expectStatus('MESSAGE of foo', 202, (await foo.message({ to: '1001', body: 'hello' })).status);
  await application.next('TextMessageReceived');
  await ask('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: 'sip:hello@127.0.0.1', body: 'hello yourself' });
  if ((await foo.nextMessage()).body !== 'hello yourself') throw new Error('foo received another message');
  await ask('PUT', '/endpoints/sendMessage', { to: 'pjsip:bar', from: 'sip:hello@127.0.0.1', body: 'foo says hello' });
  if ((await bar.nextMessage()).body !== 'foo says hello') throw new Error('bar received another message');

  draw.say('bar calls; the application rings, answers, and hangs up.');
  const call = bar.call({ to: '1001' });
  const { channel } = (await application.next('StasisStart')) as unknown as { channel: { id: string } };
  await ask('POST', `/channels/${channel.id}/ring`);
  await call.progress(180);
  await ask('POST', `/channels/${channel.id}/answer`);
  expectStatus('INVITE of bar', 200, (await call.answered).status);
  await application.next('ChannelStateChange');
  await ask('DELETE', `/channels/${channel.id}`);
  await call.ended;
  await application.next('ChannelHangupRequest');
  await application.next('StasisEnd');
  await application.next('ChannelDestroyed');

  draw.say('Both telephones say goodbye.');
  for (const telephone of [foo, bar]) {
    expectStatus('the end of a registration', 200, (await telephone.unregister()).status);
    await application.next('PeerStatusChange');
  }
  console.log('\nAll of it was seen.');
} catch (error) {
  console.error(`\nNot all of it was seen: ${(error as Error).message}`);
  process.exitCode = 1;
}
await Promise.all([foo.close(), bar.close(), application.close()]);
await service.stop();
await rm(data, { recursive: true, force: true });
