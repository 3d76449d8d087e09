// The documents: the committed ones are those of the declarations, and they are served.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ApiDocuments } from '../../src/ari/docs/index.ts';
import { resources } from '../../src/ari/resources/index.ts';
import { eventModels } from '../../src/ari/resources/events.ts';
import { api } from './api.ts';

const documents = new ApiDocuments(resources);

test('what is committed in api-docs is what the declarations say', () => {
  const directory = join(import.meta.dirname, '../../api-docs');
  const committed = readdirSync(directory).map((name) => [
    name,
    JSON.parse(readFileSync(join(directory, name), 'utf8')) as object,
  ]);
  expect(Object.fromEntries(committed)).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(documents.files()))));
});

test('every reference in the OpenAPI and AsyncAPI documents leads somewhere', () => {
  for (const name of ['openapi.json', 'asyncapi.json']) {
    const document = JSON.parse(JSON.stringify(documents.find(name, undefined))) as object;
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
    expect(references.length).toBeGreaterThan(10);
    for (const path of references) {
      const found = path.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
      expect([path, typeof found]).toEqual([path, 'object']);
    }
  }
});

test('the AsyncAPI document has every event, with the application and the server', () => {
  const { components } = documents.find('asyncapi.json', undefined) as {
    components: { messages: object; schemas: Record<string, { required: string[] }> };
  };
  expect(Object.keys(components.messages).toSorted()).toEqual(
    [...Object.keys(eventModels), 'RESTRequest', 'Ack'].toSorted(),
  );
  expect(components.schemas['StasisStart']!.required).toEqual(['type', 'timestamp', 'args', 'channel', 'application']);
});

test('the base path of the Swagger documents is made from the Host header, and left out without one', async () => {
  const { ask } = api();
  const headers = { authorization: 'Basic YXJpOmFyaQ==', host: 'pbx.example.com:1234' };
  for (const name of ['resources', 'channels']) {
    const { body } = await ask('GET', `/ari/api-docs/${name}.json`, { headers });
    expect(body).toMatchObject({ basePath: 'http://pbx.example.com:1234/ari', swaggerVersion: '1.2' });
  }
  expect(documents.find('resources.json', undefined)).not.toHaveProperty('basePath');
});

test('the documents under api-docs can only be read', async () => {
  const { ask } = api();
  expect((await ask('POST', '/ari/api-docs/resources.json')).status).toBe(405);
});

test('the documentation with try-it needs no credentials and nothing of other servers', async () => {
  const { ask } = api();
  const page = await ask('GET', '/docs/', { headers: {} });
  expect(page.status).toBe(200);
  expect(String(page.body)).not.toMatch(/(src|href)="https?:/);
  expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  const document = await ask('GET', '/docs/json', { headers: {} });
  expect(document.body).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/ari' }] });
});
