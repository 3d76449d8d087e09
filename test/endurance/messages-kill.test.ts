// No accepted message is lost, whenever the service is killed: not while messages arrive, and not while they are delivered.
import { expect, test } from 'vitest';
import { restClient } from '../../scripts/demo/application.ts';
import { barePeer, type BarePeer } from './bare-peer.ts';
import { randomMoments, seeded, startKillable, type Killable } from './killable.ts';

const PAIRS = 20;
const EACH = 500;
const ALL = PAIRS * EACH;
const KILLS = 3;

const users = Array.from({ length: PAIRS }, (_, index) => `r${index}`);
const yaml = `pjsip:
  endpoint: { ${users.map((user) => `${user}: { context: default, aors: [${user}] }`).join(', ')} }
  aor: { ${users.map((user) => `${user}: { max_contacts: 1 }`).join(', ')} }
contexts: { default: {} }
`;

test(
  `${ALL} messages to endpoints that are offline, with ${KILLS} kills while they arrive and ${KILLS} while they are delivered`,
  { timeout: 300_000 },
  async () => {
    const { seed, random } = seeded();
    const service = await startKillable(yaml);
    const arrived = new Map<string, string[]>(users.map((user) => [user, []]));
    const killsOfDelivery = randomMoments(KILLS, ALL, random);
    let total = 0;
    let killing = Promise.resolve();
    const killAt = (moments: number[], count: number): void => {
      if (count < (moments[0] ?? Infinity)) return;
      moments.shift();
      killing = killing.then(() => service.killAndRestart());
    };
    const peer = await barePeer((request) => {
      arrived.get(/sip:([^@]+)@/.exec(request.uri)![1]!)!.push(request.body);
      total += 1;
      killAt(killsOfDelivery, total);
      return '200 OK';
    });

    const begun = performance.now();
    const killsOfArrival = randomMoments(KILLS, ALL, random);
    let accepted = 0;
    const retries = await Promise.all(
      users.map((user) =>
        sendAll(service, user, () => {
          accepted += 1;
          killAt(killsOfArrival, accepted);
        }),
      ),
    );
    await killing;
    const accepting = (performance.now() - begun) / 1_000;
    expect(total).toBe(0);

    const registered = performance.now();
    peer.server = (await service.current()).sip;
    await Promise.all(users.map((user) => register(peer, user)));
    await expect.poll(() => distinct(arrived), { timeout: 180_000, interval: 50 }).toBe(ALL);
    await killing;
    await expect.poll(() => undelivered(service), { timeout: 60_000, interval: 200 }).toEqual([]);
    const delivering = (performance.now() - registered) / 1_000;

    const wanted = Array.from({ length: EACH }, (_, number) => `${number}`);
    // Once the next has come, the 2xx of the one before is on disk: only the last before a kill may come again.
    for (const [user, bodies] of arrived) expect(withoutRepetitions(bodies), `what came to ${user}`).toEqual(wanted);
    const again = total - ALL;
    expect(again).toBeLessThanOrEqual(KILLS * PAIRS);
    console.log(
      `messages, seed ${seed}: ${ALL} accepted in ${accepting.toFixed(1)} s (${retries.reduce((sum, each) => sum + each, 0)} requests repeated), ` +
        `delivered in ${delivering.toFixed(1)} s; ${service.kills} kills; ${again} sent again whose answer was not yet on disk, none lost, none out of order`,
    );
    expect(service.kills).toBe(2 * KILLS);
  },
);

/** One after the other, each until it is accepted. Gives how many requests had to be repeated. */
async function sendAll(service: Killable, user: string, onAccepted: () => void): Promise<number> {
  let repeated = 0;
  for (let number = 0; number < EACH; number++) {
    for (;;) {
      const status = await sendOnce(service, user, number).catch(() => undefined);
      if (status === 202) break;
      expect(status, 'the only failure is that of a service that was killed').toBeUndefined();
      repeated += 1;
    }
    onAccepted();
  }
  return repeated;
}

async function sendOnce(service: Killable, user: string, number: number): Promise<number> {
  const { url } = await service.current();
  const answer = await fetch(`${url}/ari/endpoints/PJSIP/${user}/sendMessage?from=sip:app@127.0.0.1&body=${number}`, {
    method: 'PUT',
    headers: {
      authorization: `Basic ${Buffer.from('ari:ari').toString('base64')}`,
      'idempotency-key': `${user}-${number}`,
    },
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function register(peer: BarePeer, user: string): Promise<void> {
  const headers = [`Contact: <${peer.contact(user)}>`, 'Expires: 3600'];
  expect(await peer.request('REGISTER', user, { callId: `register-${user}`, headers })).toBe(200);
}

const distinct = (arrived: ReadonlyMap<string, readonly string[]>): number =>
  [...arrived.values()].reduce((sum, bodies) => sum + new Set(bodies).size, 0);

const withoutRepetitions = (bodies: readonly string[]): string[] =>
  bodies.filter((body, index) => body !== bodies[index - 1]);

async function undelivered(service: Killable): Promise<unknown> {
  const rest = restClient(`${(await service.current()).url}/ari`);
  const open = await rest('GET', '/messages', { state: 'queued,sent,failed,expired' }).catch(() => undefined);
  return open?.body;
}
