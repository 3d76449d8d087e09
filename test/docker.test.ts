// The container files name what exists: paths, ports, user, healthcheck, configuration.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../src/config.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const instructions = read('Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .map((line) => /^([A-Z]+)\s+(.*)$/.exec(line))
  .filter((match) => match !== null)
  .map(([, name, rest]) => ({ name: name!, rest: rest! }));
const all = (name: string): string[] => instructions.filter((each) => each.name === name).map(({ rest }) => rest);

interface Service {
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[];
  readonly profiles?: readonly string[];
}
const compose = parse(read('docker-compose.yml')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

test('the image copies only what exists, or what it has built', () => {
  const copied = all('COPY').filter((rest) => !rest.startsWith('--from'));
  const paths = copied.flatMap((rest) => rest.split(/\s+/).slice(0, -1));
  expect(paths.length).toBeGreaterThan(4);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  const built = all('COPY')
    .filter((rest) => rest.startsWith('--from=build'))
    .map((rest) => rest.split(/\s+/)[1]!.replace('/arion/', ''));
  expect(built).toEqual(['package.json', 'node_modules', 'dist']);
  expect((parse(read('tsconfig.build.json')) as { compilerOptions: { outDir: string } }).compilerOptions.outDir).toBe(
    'dist',
  );
});

test('the image runs the built command line, not as root, and asks its own health', () => {
  expect(all('USER')).toEqual(['node']);
  expect(all('CMD').at(-1)).toBe(
    '["node", "--expose-gc", "--max-semi-space-size=4", "--v8-pool-size=0", "dist/main.js", "--config", "arion.yaml"]',
  );
  expect(existsSync(join(root, 'src/main.ts'))).toBe(true);
  const healthcheck = all('HEALTHCHECK')[0]!;
  const path = /http:\/\/127\.0\.0\.1:(\d+)(\/[a-z/]+)/.exec(healthcheck)!;
  expect(path[1]).toBe(String(readConfig({ text: read('arion.yaml') }).http.port));
  expect(read('src/app.ts')).toContain(`'${path[2]}'`);
});

test('the composition publishes what the image exposes, and mounts what is there', () => {
  const exposed = all('EXPOSE')[0]!.split(/\s+/);
  const { arion } = compose.services;
  expect(arion!.ports!.map((each) => each.split(':').at(-1))).toEqual(exposed);
  for (const { volumes = [], depends_on: needs = [] } of Object.values(compose.services)) {
    for (const [from] of volumes.map((each) => each.split(':'))) {
      expect(from!.startsWith('./') ? existsSync(join(root, from!)) : from! in compose.volumes).toBe(true);
    }
    for (const each of needs) expect(Object.keys(compose.services)).toContain(each);
  }
});

test('each composed Arion gets an environment that its configuration accepts', () => {
  const image = Object.fromEntries(
    [...all('ENV')[0]!.matchAll(/(\S+)=(\S+)/g)].map(([, name, value]) => [name!, value!]),
  );
  const text = read('arion.yaml');
  const [embedded, remote] = ['arion', 'arion-drachtio'].map((name) =>
    readConfig({ text, environment: { ...image, ...compose.services[name]!.environment } }),
  );
  expect(embedded!.sip.embedded.listen).toEqual(['udp://0.0.0.0:5060', 'tcp://0.0.0.0:5060']);
  expect([embedded!.http.host, embedded!.data]).toEqual(['0.0.0.0', '/data']);
  expect(remote!.sip.server).toEqual({ host: 'drachtio', port: 9022, secret: 'cymru' });
  expect(compose.services['drachtio']!.profiles).toEqual(['drachtio']);
});
