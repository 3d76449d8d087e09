// A real XMPP server for one test: Debian's prosody with a configuration of its own, on free ports of the loopback.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { certificate } from './certificate.ts';

/** Absent, the tests that need it say so and are skipped; the project's own run demands it. */
const hasProsody = spawnSync('sh', ['-c', 'command -v prosody']).status === 0;
export const needsProsody = hasProsody || process.env['REQUIRE_ENGINES'] === '1';
export const sayWithoutProsody = (what: string): void => {
  if (!needsProsody) console.log(`${what} are skipped: prosody (Debian package prosody) is not installed.`);
};

export const DOMAIN = 'xmpp.example';
export const COMPONENT = 'gateway.xmpp.example';
export const SECRET = 'component-secret';

export interface Prosody {
  /** Of clients by STARTTLS, of clients by TLS from the first byte, of components. */
  readonly ports: { readonly client: number; readonly tls: number; readonly component: number };
  /** The authority that vouches for it, in PEM. */
  readonly ca: string;
  readonly caFile: string;
  /** Ends it as a power cut would, or as an administrator would. */
  stop(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** With the data and the ports of before. */
  start(): Promise<void>;
  /** Makes an account, whose password is its name and "-secret". */
  account(user: string): Promise<void>;
}

const usedPorts = new Set<number>();

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  if (usedPorts.has(port)) return freePort();
  usedPorts.add(port);
  return port;
}

/** `more`: further lines of its configuration for the domain. */
export async function startProsody(users: readonly string[] = [], more = ''): Promise<Prosody> {
  const folder = await mkdtemp(join(tmpdir(), 'arion-prosody-'));
  const [client, tls, component] = [await freePort(), await freePort(), await freePort()];
  const authority = await certificate([]);
  const identity = await certificate([DOMAIN], authority);
  const file = (name: string): string => join(folder, name);
  await mkdir(file('data'));
  await writeFile(file('ca.pem'), authority.cert);
  await writeFile(file('cert.pem'), identity.cert);
  await writeFile(file('key.pem'), identity.key, { mode: 0o600 });
  await writeFile(file('prosody.cfg.lua'), configuration({ client, tls, component }, folder, more));
  let running: ChildProcess | undefined;
  let output = '';

  const prosody: Prosody = {
    ports: { client, tls, component },
    ca: authority.cert,
    caFile: file('ca.pem'),
    async start() {
      running = spawn('prosody', ['-F', '--config', file('prosody.cfg.lua')], { stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [running.stdout!, running.stderr!])
        stream.on('data', (data: Buffer) => (output = (output + data.toString()).slice(-20_000)));
      for (const port of [client, tls, component]) await listening(port, running, () => output);
    },
    async stop(signal = 'SIGTERM') {
      const ending = running;
      running = undefined;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      ending.kill(signal);
      await ended;
    },
    async account(user) {
      const path = join(folder, 'data', DOMAIN.replaceAll('.', '%2e'), 'accounts');
      await mkdir(path, { recursive: true });
      await writeFile(join(path, `${user}.dat`), credentials(`${user}-secret`));
    },
  };
  onTestFinished(async () => {
    await prosody.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  for (const user of users) await prosody.account(user);
  await prosody.start();
  return prosody;
}

/** For SCRAM-SHA-1 (RFC 5802 3), with the least work for both sides. */
function credentials(password: string): string {
  const salt = 'salt';
  const salted = pbkdf2Sync(password, salt, 1, 20, 'sha1');
  const keyed = (text: string): Buffer => createHmac('sha1', salted).update(text).digest();
  const stored = createHash('sha1').update(keyed('Client Key')).digest('hex');
  const server = keyed('Server Key').toString('hex');
  return `return { ["salt"] = "${salt}", ["iteration_count"] = 1, ["stored_key"] = "${stored}", ["server_key"] = "${server}" };\n`;
}

async function listening(port: number, process: ChildProcess, output: () => string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (process.exitCode !== null) throw new Error(`prosody has ended: ${output()}`);
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (isThere) return;
    await pause(25);
  }
  throw new Error(`prosody does not listen on ${port}: ${output()}`);
}

const configuration = ({ client, tls, component }: Prosody['ports'], folder: string, more: string): string => `
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
certificates = "${folder}"
interfaces = { "127.0.0.1" }
c2s_ports = { ${client} }
c2s_direct_tls_ports = { ${tls} }
component_ports = { ${component} }
component_interfaces = { "127.0.0.1" }
s2s_ports = { }
http_ports = { }
https_ports = { }
modules_enabled = { "disco", "roster", "saslauth", "tls", "smacks", "ping", "posix", "presence", "message", "iq", "offline", "c2s", "blocklist" }
modules_disabled = { "s2s" }
authentication = "internal_hashed"
c2s_require_encryption = true
allow_unencrypted_plain_auth = false
log = { warn = "*console" }
ssl = { key = "${folder}/key.pem", certificate = "${folder}/cert.pem" }
c2s_direct_tls_ssl = { key = "${folder}/key.pem", certificate = "${folder}/cert.pem" }
VirtualHost "${DOMAIN}"
  ssl = { key = "${folder}/key.pem", certificate = "${folder}/cert.pem" }
  ${more}
Component "${COMPONENT}"
  component_secret = "${SECRET}"
`;
