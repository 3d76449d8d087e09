// The command line: reads the configuration, starts the service, stops it on a signal.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createApp, type App } from './app.ts';
import { expectShortLives, keepTidy } from './collector.ts';
import { readConfig, type ArionConfig } from './config.ts';
import { Fault } from './errors.ts';
import { VERSION } from './version.ts';

const usage = `Usage: arion [options]

  --config FILE     the configuration, arion.yaml if left out
  --http-port PORT  where the API listens
  --sip-port PORT   where SIP listens by UDP and TCP
  --version         says the version
  --help            says this

Every option of the configuration can also be given by an environment variable: ARION_ and its path in capitals,
joined by "_" (ARION_HTTP_PORT). An option goes before the environment, and that before the file.`;

/** How long open calls and connections get to end, in milliseconds. */
const STOP_TIMEOUT = 5_000;

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function port(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) fail(`--${name}: expected a port from 0 to 65535, found "${text}"`);
  return value;
}

function commandLine() {
  try {
    return parseArgs({
      options: {
        config: { type: 'string', default: 'arion.yaml' },
        'http-port': { type: 'string' },
        'sip-port': { type: 'string' },
        version: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${usage}`);
  }
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return fail(`${file}: cannot be read: ${(error as Error).message}`);
  }
}

function configuration(options: ReturnType<typeof commandLine>): ArionConfig {
  const httpPort = port('http-port', options['http-port']);
  const sipPort = port('sip-port', options['sip-port']);
  const text = readFile(options.config);
  try {
    return readConfig({
      text,
      environment: process.env,
      ...(httpPort !== undefined && { httpPort }),
      ...(sipPort !== undefined && { sipPort }),
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return fail(`The configuration in ${options.config} cannot be used:\n  ${error.message.replaceAll('\n', '\n  ')}`);
  }
}

/** Where things are, and what to try next. */
function greeting(app: App, config: ArionConfig): string {
  const { host, port } = app.http;
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const [user, { password }] = Object.entries(config.ari.users)[0]!;
  // A password that is no secret, as in the sample, makes the commands below ready to be copied.
  const credentials = `${user}:${password === user ? password : '<password>'}`;
  const { account = {}, peer = {} } = config.xmpp;
  const atXmpp = [...Object.keys(account), ...Object.keys(peer)];
  const endpoint = Object.keys(config.pjsip.endpoint ?? {})[0];
  const source = endpoint === undefined ? 'endpoint:PJSIP' : `endpoint:PJSIP/${endpoint}`;
  return `Arion ${VERSION} is ready.

  API        http://${at}/ari
  documents  http://${at}/docs
  health     http://${at}/health/ready, and http://${at}/metrics
  SIP        ${app.sip.map((each) => `${each.protocol} ${each.address}:${each.port}`).join(', ')}
  endpoints  ${Object.keys(config.pjsip.endpoint ?? {}).join(', ') || 'none'}${atXmpp.map((each) => `, XMPP/${each}`).join('')}

Try:
  curl -u ${credentials} http://${at}/ari/endpoints
  npm run events -- --url http://${at} --user ${credentials} --app hello --subscribe ${source}
  npm run demo
`;
}

/**
 * The variables as they are now, in a plain object: reading one from the process's own asks the operating system each time,
 * and drachtio-srf reads one for each header that it parses.
 */
function copyEnvironment(): void {
  process.env = { ...process.env };
}

async function main(): Promise<void> {
  copyEnvironment();
  const options = commandLine();
  if (options.help) return console.log(usage);
  if (options.version) return console.log(VERSION);
  const config = configuration(options);
  expectShortLives();
  const app = createApp(config, {
    // The loader of the sources does not reach into threads.
    ...(!import.meta.url.endsWith('.ts') && { thread: {} }),
    log: (level, text) => (level === 'info' ? console.log(text) : console.error(`${level}: ${text}`)),
  });
  try {
    await app.start();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    await app.stop();
    fail(`Arion cannot start: ${error.message}`);
  }
  keepTidy();
  console.log(greeting(app, config));

  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) fail(`${signal} again: stopping at once.`);
    isStopping = true;
    console.log(`${signal}: stopping.`);
    const timer = setTimeout(() => fail(`Not everything ended within ${STOP_TIMEOUT} ms.`), STOP_TIMEOUT);
    void app.stop().then(() => {
      clearTimeout(timer);
      process.exit(0);
    });
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}

await main();
