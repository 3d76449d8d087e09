// The SipStack by drachtio-srf, in front of the embedded SIP server and, where there is one, a real drachtio-server.
import { onTestFinished } from 'vitest';
import { drachtioStack } from '../../src/engines/drachtio/index.ts';
import { SipServer } from '../../src/sip-server/index.ts';
import type { SipAddress, SipFlows, SipStack } from '../../src/technologies/pjsip/stack.ts';
import { sipStackContract } from '../contracts/sip-stack.contract.ts';

const secret = 'not so secret';
/** No test asks the network for a name. */
const lookup = (host: string): Promise<never> => Promise.reject(new Error(`no address for ${host}`));

/** `T1` is in milliseconds (RFC 3261 17.1.1.1). */
const embedded = (T1: number) => async (): Promise<SipStack> => {
  const timers = { T1, T2: 8 * T1, T4: 10 * T1 };
  const handlers = new Set<(flow: SipAddress) => void>();
  const server = new SipServer({
    listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'],
    secret,
    timers,
    lookup,
    onFlowClosed: (flow) => handlers.forEach((handler) => handler(flow)),
  });
  await server.start();
  onTestFinished(() => server.stop());
  return stackAt('127.0.0.1', server.controlPort, secret, {
    isOpen: (flow) => server.isFlowOpen(flow),
    onFlowClosed(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  });
};

function stackAt(host: string, port: number, password: string, flows?: SipFlows): SipStack {
  const stack = drachtioStack({ host, port, secret: password, log: () => undefined, ...(flows && { flows }) });
  onTestFinished(() => stack.stop());
  return stack;
}

sipStackContract('drachtio-srf with the embedded server', embedded(500), {
  impatient: embedded(20),
  patience: 64 * 20,
  tellsOfFlows: true,
  takesLastNotify: true,
  keepsChallengesApart: true,
  passesUnknownMethods: true,
});

const real = process.env['DRACHTIO_URL'];
if (real === undefined)
  console.log('no real drachtio-server is tested: DRACHTIO_URL (drachtio://:secret@host:port) is not set');
else {
  const { hostname, port, password } = new URL(real);
  const make = async (): Promise<SipStack> => stackAt(hostname, Number(port), decodeURIComponent(password));
  sipStackContract(`drachtio-srf with drachtio-server at ${hostname}:${port}`, make, {
    impatient: make,
    patience: 32_000,
    tellsOfFlows: false,
    takesLastNotify: false,
    keepsChallengesApart: false,
    passesUnknownMethods: false,
  });
}
