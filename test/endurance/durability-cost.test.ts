// What it costs that nothing is lost: the same work with everything on disk and with nothing there, beside each other.
import { Agent, request } from 'node:http';
import { expect, test } from 'vitest';
import { connectApp } from '../../scripts/demo/application.ts';
import { startMeasured } from '../support/measured.ts';
import { barePeer } from './bare-peer.ts';

/** What is aimed at is 0.7; less than this is no noise of a busy machine. */
const LEAST = 0.55;
const PAIRS = 3;
const SECONDS = 3;
/** So many that a slow disk, which writes what all of them wait for at once, keeps nobody from working. */
const LANES = 200;
const users = Array.from({ length: LANES }, (_, index) => `e${index}`);

/** Work of so many lanes at once, one piece after the other in each: how many were done in a second. */
async function perSecond(work: (lane: number, number: number) => Promise<void>): Promise<number> {
  const begun = performance.now();
  const end = begun + SECONDS * 1_000;
  const done = await Promise.all(
    users.map(async (_, lane) => {
      let number = 0;
      for (; performance.now() < end; number++) await work(lane, number);
      return number;
    }),
  );
  return done.reduce((sum, each) => sum + each, 0) / ((performance.now() - begun) / 1_000);
}

/** A message is done when it was accepted and is where it was to go: what was put off is not cheaper. */
async function run(isDurable: boolean): Promise<{ readonly incoming: number; readonly outgoing: number }> {
  const arrivals = new Map<string, () => void>();
  const arrivalAt = (user: string): Promise<void> => new Promise((resolve) => arrivals.set(user, resolve));
  const arrived = (user: string): void => arrivals.get(user)?.();
  const peer = await barePeer(({ uri }) => {
    arrived(/sip:([^@]+)@/.exec(uri)![1]!);
    return '200 OK';
  });
  const yaml = `pjsip:
  endpoint: { ${users.map((user) => `${user}: { context: default, aors: [${user}] }`).join(', ')} }
  aor: { ${users.map((user) => `${user}: { contact: ['${peer.contact(user)}'] }`).join(', ')} }
messages: { store: ${isDurable} }
events: { journal: ${isDurable} }`;
  const service = await startMeasured(['udp://127.0.0.1:0'], [], yaml);
  const application = await connectApp(`${service.url}/ari`, 'meter', {
    onEvent: ({ type, endpoint }) => {
      if (type === 'TextMessageReceived') arrived((endpoint as { readonly resource: string }).resource);
    },
  });
  await service.rest('POST', '/applications/meter/subscription', { eventSource: 'endpoint:PJSIP' });
  peer.server = service.at('udp');
  const incoming = await perSecond(async (lane, number) => {
    const user = users[lane]!;
    const arrival = arrivalAt(user);
    const headers = ['Content-Type: text/plain'];
    expect(await peer.request('MESSAGE', user, { callId: `${lane}-${number}`, headers, body: 'hello' })).toBe(202);
    await arrival;
  });
  const agent = new Agent({ keepAlive: true, maxSockets: LANES });
  const outgoing = await perSecond(async (lane) => {
    const user = users[lane]!;
    const arrival = arrivalAt(user);
    await put(`${service.url}/ari/endpoints/PJSIP/${user}/sendMessage`, agent);
    await arrival;
  });
  agent.destroy();
  await application.close();
  await service.stop();
  return { incoming, outgoing };
}

const put = (url: string, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const sent = request(`${url}?from=sip:a@b&body=hello&api_key=ari:ari`, { method: 'PUT', agent }, (answer) => {
      expect(answer.statusCode).toBe(202);
      answer.resume().on('end', () => resolve());
    });
    sent.on('error', reject).end();
  });

test('messages in and out, with and without the disk', { timeout: 300_000 }, async () => {
  const ratios = { incoming: [] as number[], outgoing: [] as number[] };
  const figures: string[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const isFirstDurable = pair % 2 === 0;
    const [one, other] = [await run(isFirstDurable), await run(!isFirstDurable)];
    const [on, off] = isFirstDurable ? [one, other] : [other, one];
    for (const way of ['incoming', 'outgoing'] as const) {
      ratios[way].push(on[way] / off[way]);
      figures.push(`${way} ${on[way].toFixed(0)}/s on disk, ${off[way].toFixed(0)}/s without`);
    }
  }
  const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
  const [incoming, outgoing] = [median(ratios.incoming), median(ratios.outgoing)];
  console.log(`durability: ${figures.join('; ')}; ratios ${incoming.toFixed(2)} in, ${outgoing.toFixed(2)} out`);
  expect(incoming).toBeGreaterThanOrEqual(LEAST);
  expect(outgoing).toBeGreaterThanOrEqual(LEAST);
});
