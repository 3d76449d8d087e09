// Applications that connect by TLS: the frames are the same inside.
import Srf from 'drachtio-srf';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { SipServer } from '../../../src/sip-server/index.ts';
import { certificate } from '../../support/certificate.ts';

async function secured(limits: { clients?: number } = {}): Promise<SipServer> {
  const tls = await certificate(['localhost', '127.0.0.1']);
  const server = new SipServer({ listen: ['udp://127.0.0.1:0'], secret: 'secret', control: { tls }, limits });
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}

test('drachtio-srf connects, and is told where we are', async () => {
  const server = await secured();
  const srf = new Srf();
  srf.on('error', () => undefined);
  onTestFinished(() => srf.disconnect());
  const options = { host: '127.0.0.1', port: server.controlPort, secret: 'secret', tls: { rejectUnauthorized: false } };
  void srf.connect(options);
  const told = await new Promise((resolve) => srf.on('connect', (_error, hostPorts) => resolve(hostPorts)));
  expect(told).toBe(`udp/127.0.0.1:${server.addresses[0]!.port}`);
});

test('connections that never begin TLS count, and one that speaks something else is closed', async () => {
  const server = await secured({ clients: 2 });
  const open = (said: string): Promise<unknown> => {
    const socket = connect(server.controlPort, '127.0.0.1', () => socket.write(said));
    onTestFinished(() => void socket.destroy());
    return new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
  };
  void open('');
  await open('4#nope');
  await expect.poll(() => server.metrics.drops['client-refused']).toBe(1);
  void open('');
  await open('');
  await expect.poll(() => server.metrics.drops['client-refused']).toBe(2);
});
