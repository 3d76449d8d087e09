// Writes api-docs/ from the declarations of the API. With --check it writes nothing, and fails where a file differs.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiDocuments } from '../src/ari/docs/index.ts';
import { resources } from '../src/ari/resources/index.ts';

const directory = join(import.meta.dirname, '../api-docs');
const documents = new Map(
  [...new ApiDocuments(resources).files()].map(([name, document]) => [name, `${JSON.stringify(document, null, 2)}\n`]),
);
mkdirSync(directory, { recursive: true });
const present = new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
const different = [...new Set([...documents.keys(), ...present.keys()])].filter(
  (name) => documents.get(name) !== present.get(name),
);

for (const name of different) {
  const text = documents.get(name);
  if (process.argv.includes('--check')) {
    console.error(`api-docs/${name} is not what src/ari says: npm run docs`);
    process.exitCode = 1;
  } else if (text === undefined) rmSync(join(directory, name));
  else writeFileSync(join(directory, name), text);
}
