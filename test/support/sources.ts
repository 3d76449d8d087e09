// How a thread reads the sources: tsx, told to a process, tells its threads nothing.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const api = new URL(
  'dist/esm/api/index.mjs',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json')),
);

export const readingSources: readonly string[] = [
  '--import',
  `data:text/javascript,import { register } from ${JSON.stringify(String(api))}; register();`,
];
