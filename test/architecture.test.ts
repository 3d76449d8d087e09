// The house rules that a machine can check: who may import whom, who may know what, and how large a file may be.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

/** Whose files a room may import, besides its own and the leaves. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  stasis: [],
  core: ['stasis'],
  technologies: ['stasis', 'core'],
  ari: ['stasis', 'core'],
  engines: [],
  observability: ['stasis', 'core'],
  'sip-server': [],
};
const leaves = ['ids.ts', 'errors.ts'];
/** What an engine may import of ours: the port that it fulfils. */
const ports = [
  ...['core/store.ts', 'core/journal.ts', 'core/media.ts'],
  ...['technologies/pjsip/stack.ts', 'technologies/xmpp/stream.ts', 'technologies/xmpp/xml.ts'],
];
/** The one page of wiring, its configuration, and the command line: they import everything, and nobody imports them. */
const top = [
  'main.ts',
  'app.ts',
  'readings.ts',
  'config.ts',
  'config-problems.ts',
  'config-units.ts',
  'contexts-config.ts',
  'durable-config.ts',
  'sip-config.ts',
  'websocket-config.ts',
];
/** Who may know what is not ours. */
const mayKnow: readonly (readonly [RegExp, RegExp])[] = [
  [/from '(@fastify\/[^']*|fastify)'/, /^(app\.ts|ari\/)/],
  [/from 'drachtio-srf'/, /^engines\/drachtio\//],
  [/from 'classic-level'/, /^engines\/embedded\//],
  [/from '@xmpp\/[^']*'/, /^engines\/xmpp\//],
  [/process\.env/, /^main\.ts$/],
  [/new EventEmitter|extends EventEmitter/, /^(engines|sip-server)\//],
];

const src = join(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(src, file), 'utf8') }));

/** Each technology and each engine is a room of its own. */
const room = (file: string): string => /^(technologies|engines)\/[^/]+|^[^/]+/.exec(file)![0];
const kind = (file: string): string => file.split('/')[0]!;

function allowed(from: string, to: string): boolean {
  if (top.includes(from)) return true;
  if (top.includes(to)) return false;
  if (room(from) === room(to)) return true;
  if (from.startsWith('sip-server/')) return false;
  if (leaves.includes(to)) return true;
  if (kind(from) === 'engines') return ports.includes(to);
  return mayImport[kind(from)]?.includes(kind(to)) ?? false;
}

test('imports point inwards', () => {
  const imports = files.flatMap(({ file, text }) =>
    [...text.matchAll(/from '(\.[^']*)'|import\('(\.[^']*)'\)/g)].map(
      ([, plain, dynamic]) => [file, relative(src, join(src, dirname(file), (plain ?? dynamic)!))] as const,
    ),
  );
  expect(imports.filter(([from, to]) => !allowed(from, to))).toEqual([]);
});

test('only its own room knows a library', () => {
  const wrong = files.flatMap(({ file, text }) =>
    mayKnow.filter(([what, who]) => what.test(text) && !who.test(file)).map(([what]) => [file, what.source]),
  );
  expect(wrong).toEqual([]);
});

test('files stay small', () => {
  expect(files.filter(({ text }) => text.split('\n').length > 301).map(({ file }) => file)).toEqual([]);
});

test('every file begins with what it is responsible for', () => {
  expect(files.filter(({ text }) => !/^(\/\/|#!)/.test(text)).map(({ file }) => file)).toEqual([]);
});

test('nothing is left open or switched off', () => {
  const open = /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|expect-error)|eslint-disable|\bas any\b/;
  expect(files.filter(({ text }) => open.test(text)).map(({ file }) => file)).toEqual([]);
});
