// The SipStack in front of the embedded SIP server in a thread of its own: the part of the contract that does not go by frames.
import { describe, expect, onTestFinished, test } from 'vitest';
import { drachtioStack } from '../../src/engines/drachtio/index.ts';
import { ThreadedSipServer } from '../../src/sip-server/threaded.ts';
import type { SipAddress, SipStack } from '../../src/technologies/pjsip/stack.ts';
import { flows } from '../contracts/sip-stack/flows.ts';
import { readingSources } from '../support/sources.ts';

const secret = 'not so secret';
const log = (): void => undefined;

/** One that was not yet started. */
function threaded(listen: readonly string[], onFlowClosed: (flow: SipAddress) => void = () => undefined) {
  const server = new ThreadedSipServer({ listen, secret, log, onFlowClosed, execArgv: readingSources });
  onTestFinished(() => server.stop());
  return server;
}

async function stack(): Promise<SipStack> {
  const handlers = new Set<(flow: SipAddress) => void>();
  const server = threaded(['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'], (flow) =>
    handlers.forEach((handler) => handler(flow)),
  );
  await server.start();
  const made = drachtioStack({
    ...{ host: '127.0.0.1', port: server.controlPort, secret, log },
    flows: {
      isOpen: (flow) => server.isFlowOpen(flow),
      onFlowClosed(handler) {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    },
  });
  onTestFinished(() => made.stop());
  return made;
}

describe('drachtio-srf with the embedded server in a thread', () => flows(stack, { tellsOfFlows: true }));

test('an address that is taken stops the start, as does one that is malformed', async () => {
  const first = threaded(['udp://127.0.0.1:0']);
  await first.start();
  const second = threaded([`tcp://127.0.0.1:${first.controlPort}`]);
  await expect(second.start()).rejects.toThrow('EADDRINUSE');
  await expect(second.count()).rejects.toThrow('ended');
  await expect(threaded(['http://127.0.0.1:80']).start()).rejects.toThrow(TypeError);
});

test('it says what it has counted, and nothing once it has stopped', async () => {
  const server = threaded(['udp://127.0.0.1:0']);
  await server.start();
  server.release();
  expect((await server.count()).gauges).toMatchObject({ clients: 0, tcpConnections: 0 });
  await server.stop();
  await expect(server.count()).rejects.toThrow('ended');
});
