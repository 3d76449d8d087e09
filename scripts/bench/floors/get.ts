// The floor of GET: a bare Fastify whose one route answers what it was told.
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';

const { body } = JSON.parse(process.argv[2]!) as { readonly body: unknown };
const server = fastify();
server.get('/ari/endpoints/:technology/:resource', () => body);
await server.listen({ host: '127.0.0.1', port: 0 });
const { port: http } = server.server.address() as AddressInfo;
console.log(JSON.stringify({ http }));
