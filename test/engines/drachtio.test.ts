// The SipStack by drachtio-srf, in front of the embedded SIP server and, where there is one, a real drachtio-server.
import { expect, onTestFinished, test } from 'vitest';
import { Telephone } from '../../scripts/demo/telephone.ts';
import { drachtioStack, type DrachtioOptions } from '../../src/engines/drachtio/index.ts';
import { SipServer } from '../../src/sip-server/index.ts';
import type { SipAddress, SipFlows, SipStack } from '../../src/technologies/pjsip/stack.ts';
import { sipStackContract } from '../contracts/sip-stack.contract.ts';

const secret = 'not so secret';
/** No test asks the network for a name. */
const lookup = (host: string): Promise<never> => Promise.reject(new Error(`no address for ${host}`));

/** `T1` is in milliseconds (RFC 3261 17.1.1.1). `binaryBodies` as the engine is told. */
const embedded =
  (T1: number, binaryBodies = true) =>
  async (): Promise<SipStack> => {
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
    const flows: SipFlows = {
      isOpen: (flow) => server.isFlowOpen(flow),
      onFlowClosed(handler) {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    };
    return stackAt('127.0.0.1', server.controlPort, secret, { flows, binaryBodies });
  };

type Abilities = Pick<DrachtioOptions, 'flows' | 'binaryBodies'>;

function stackAt(host: string, port: number, password: string, abilities: Abilities = {}): SipStack {
  const stack = drachtioStack({ host, port, secret: password, log: () => undefined, ...abilities });
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
  sparesUdp: true,
  carriesAnyBody: true,
});

test('where frames are text only, a MESSAGE whose body may be damaged is refused, and such a body is not sent', async () => {
  const stack = await embedded(500, false)();
  const taken: string[] = [];
  await stack.start((request) => {
    taken.push(request.body);
    // The sender may have it, and the test be over, before we know that it went out.
    request.respond(202).catch(() => undefined);
  });
  const { address: host, port } = stack.addresses[0]!;
  const phone = await Telephone.open({ user: 'foo', server: { host, port } });
  onTestFinished(() => phone.close());
  expect((await phone.message({ to: 'bar', body: 'a\ufffd' })).status).toBe(415);
  expect((await phone.message({ to: 'bar', body: 'é' })).status).toBe(202);
  expect(taken).toEqual(['é']);
  const binary = { method: 'MESSAGE', uri: phone.contact, body: '/w==', bodyEncoding: 'base64' } as const;
  await expect(stack.send(binary).final).rejects.toMatchObject({ name: 'Fault', kind: 'unsupported-media' });
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
    sparesUdp: false,
    carriesAnyBody: false,
  });
}
