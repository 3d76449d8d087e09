// An application that the service connects to gets every event at least once, in order, whoever is killed meanwhile.
import { expect, test } from 'vitest';
import { ariServer, type Event } from '../support/ari-server.ts';
import { barePeer } from './bare-peer.ts';
import { randomMoments, seeded, startKillable } from './killable.ts';

const ENDPOINTS = 20;
const EACH = 1_000;
const ALL = ENDPOINTS * EACH;
const KILLS = 3;
const CUTS = 6;

const users = Array.from({ length: ENDPOINTS }, (_, index) => `e${index}`);

test(`${ALL} events, with ${KILLS} kills of the service and ${CUTS} cuts`, { timeout: 600_000 }, async () => {
  const { seed, random } = seeded();
  const server = await ariServer();
  const client = `{ uri: '${server.uri}', connection_type: persistent, reconnect_interval: 50 }`;
  const service = await startKillable(
    `websocket_client: { reader: ${client} }
pjsip:
  endpoint: { ${users.map((user) => `${user}: { context: default }`).join(', ')} }
contexts: { default: {} }
`,
    'outbound_websockets: { reader: { websocket_client_id: reader, apps: [ reader ], local_ari_user: ari, subscribe_all: yes } }',
  );
  const peer = await barePeer(() => undefined);
  peer.server = (await service.current()).sip;
  const moments = [
    ...randomMoments(KILLS, ALL, random).map((at) => ({ at, isKill: true })),
    ...randomMoments(CUTS, ALL, random).map((at) => ({ at, isKill: false })),
  ].sort((one, other) => one.at - other.at);
  let killing = Promise.resolve();
  let accepted = 0;
  const onAccepted = (): void => {
    accepted += 1;
    if (accepted < (moments[0]?.at ?? Infinity)) return;
    if (!moments.shift()!.isKill) return server.peers.at(-1)?.socket.terminate();
    killing = killing.then(async () => {
      await service.killAndRestart();
      peer.server = (await service.current()).sip;
    });
  };

  const begun = performance.now();
  await Promise.all(
    users.map(async (user) => {
      for (let number = 0; number < EACH; number++) {
        const parts = { callId: `${user}-${number}`, headers: ['Content-Type: text/plain'], body: `${number}` };
        expect(await peer.request('MESSAGE', user, parts)).toBe(202);
        onAccepted();
      }
    }),
  );
  await killing;
  const seconds = (performance.now() - begun) / 1_000;

  const received = (): Event[] => server.peers.flatMap((each) => each.received).filter(isText);
  const byCursor = (): Map<unknown, Event> => new Map(received().map((event) => [event['cursor'], event]));
  await expect.poll(() => byCursor().size, { timeout: 60_000, interval: 200 }).toBe(ALL);
  const cursors = [...byCursor().keys()];
  expect(cursors.toSorted()).toEqual(cursors);
  for (const user of users) {
    const bodies = [...byCursor().values()].filter((event) => resourceOf(event) === user).map(bodyOf);
    expect(bodies, `what was seen of ${user}`).toEqual(Array.from({ length: EACH }, (_, number) => `${number}`));
  }
  const lost = server.peers.flatMap((each) => each.received).filter(({ type }) => type === 'EventsLost');
  expect(lost).toEqual([]);
  console.log(
    `outbound events, seed ${seed}: ${ALL} in ${seconds.toFixed(1)} s (${(ALL / seconds).toFixed(0)}/s), the service killed ${service.kills} times, ${server.peers.length} connections; none missing, ${received().length - ALL} seen twice`,
  );
  expect(service.kills).toBe(KILLS);
});

const isText = ({ type }: Event): boolean => type === 'TextMessageReceived';
const resourceOf = (event: Event): unknown => (event['endpoint'] as { resource: string }).resource;
const bodyOf = (event: Event): unknown => (event['message'] as { body: string }).body;
