// The service as a process whose memory can be measured, with telephones and an application that hears what they write.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { connectApp, restClient, type AriApp, type RestClient } from '../../scripts/demo/application.ts';
import { Telephone } from '../../scripts/demo/telephone.ts';
import type { Transport } from '../../scripts/demo/wire.ts';
import type { SipAddress } from '../../src/technologies/pjsip/stack.ts';
import type { Drive } from './measured-app.ts';

export interface Measured {
  /** Of the process. */
  readonly pid: number;
  readonly sip: readonly SipAddress[];
  /** Where it listens for that protocol. */
  at(protocol: string): { readonly host: string; readonly port: number };
  /** "http://127.0.0.1:40000" */
  readonly url: string;
  readonly rest: RestClient;
  /** Subscribed to the endpoint foo. */
  readonly watcher: AriApp;
  /** heapUsed + external in bytes, after garbage was collected. */
  memory(): Promise<number>;
  /** Lets the service publish by itself, and resolves when it has: how much it was. */
  drive(order: Drive): Promise<number>;
  /** Errors that nobody has caught. */
  readonly uncaught: readonly string[];
  /** Warnings and errors. */
  readonly logged: readonly string[];
  telephone(user: string, transport: Transport): Promise<Telephone>;
  stop(): Promise<void>;
}

/** `sip` is YAML of further keys of the sip section, one to a line; `more` of further sections, instead of the endpoint foo. */
export async function startMeasured(
  listen: readonly string[],
  sip: readonly string[] = [],
  more: string = foo,
): Promise<Measured> {
  const data = await mkdtemp(join(tmpdir(), 'arion-measured-'));
  const child = fork(join(import.meta.dirname, 'measured-app.ts'), [config(data, listen, sip, more)], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(data, { recursive: true, force: true });
  };
  onTestFinished(stop);
  const uncaught: string[] = [];
  const logged: string[] = [];
  let onMemory: (bytes: number) => void = () => undefined;
  let onDriven: (count: number) => void = () => undefined;
  const ready = new Promise<{ readonly http: number; readonly sip: readonly SipAddress[] }>((resolve, reject) => {
    void exited.then(() => reject(new Error(`the service ended:\n${[...logged, ...uncaught].join('\n')}`)));
    child.on('message', (message: Said) => {
      if ('http' in message) resolve(message);
      else if ('memory' in message) onMemory(message.memory);
      else if ('driven' in message) onDriven(message.driven);
      else if ('uncaught' in message) uncaught.push(message.uncaught);
      else logged.push(message.logged);
    });
  });
  const { http, sip: listening } = await ready;
  const url = `http://127.0.0.1:${http}`;
  const watcher = await connectApp(`${url}/ari`, 'watcher');
  onTestFinished(() => watcher.close());
  const rest = restClient(`${url}/ari`);
  await rest('POST', '/applications/watcher/subscription', { eventSource: 'endpoint:PJSIP/foo' });
  const at = (protocol: string) => {
    const { address: host, port } = listening.find((each) => each.protocol === protocol)!;
    return { host, port };
  };
  return {
    pid: child.pid!,
    sip: listening,
    at,
    url,
    rest,
    watcher,
    uncaught,
    logged,
    stop,
    memory: () =>
      new Promise((resolve) => {
        onMemory = resolve;
        child.send('memory');
      }),
    drive: (order) =>
      new Promise((resolve) => {
        onDriven = resolve;
        child.send(order);
      }),
    async telephone(user, transport) {
      const server = at(transport);
      const telephone = await Telephone.open({ user, password: `${user}-secret`, server, transport });
      onTestFinished(() => telephone.close());
      return telephone;
    },
  };
}

type Said =
  | { readonly http: number; readonly sip: readonly SipAddress[] }
  | { readonly memory: number }
  | { readonly driven: number }
  | { readonly uncaught: string }
  | { readonly logged: string };

const foo = `
pjsip:
  endpoint: { foo: { context: default, auth: foo, aors: [ foo ] } }
  auth: { foo: { username: foo, password: foo-secret } }
  aor: { foo: { max_contacts: 5 } }
`;

const config = (data: string, listen: readonly string[], sip: readonly string[], more: string): string => `
http: { port: 0 }
ari: { users: { ari: { password: ari } } }
data: ${data}
sip:
  listen: ${JSON.stringify(listen)}
  ${sip.join('\n  ')}
${more}
contexts:
  default: { "_X.": { app: hello } }
`;
