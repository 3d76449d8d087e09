// Whatever a telephone answers to a message, the message ends once, and the event and the resource say the same.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startService } from '../support/service.ts';
import { barePeer, type PeerAnswer } from './bare-peer.ts';

/** In seconds: those that do not take a message for the time being are tried until then. */
const EXPIRES = 20;

type Ended = 'delivered' | 'failed' | 'expired';

const peers: Readonly<
  Record<string, { readonly answer: () => PeerAnswer | Promise<PeerAnswer>; readonly ends: Ended }>
> = {
  ok: { answer: () => '200 OK', ends: 'delivered' },
  accepted: { answer: () => '202 Accepted', ends: 'delivered' },
  unknown: { answer: () => '404 Not Found', ends: 'failed' },
  away: { answer: () => '480 Temporarily Unavailable', ends: 'expired' },
  busy: { answer: () => '486 Busy Here', ends: 'expired' },
  overloaded: { answer: () => '503 Service Unavailable', ends: 'expired' },
  silent: { answer: () => undefined, ends: 'expired' },
  garbage: { answer: () => Buffer.from('\u0000this is no SIP\r\n\r\n'), ends: 'expired' },
  slow: { answer: () => pause(10_000, '200 OK'), ends: 'delivered' },
};

test('messages to telephones that answer 200, 202, 404, 480, 486, 503, nothing, garbage, or 200 after 10 s', async () => {
  const names = Object.keys(peers);
  const peer = await barePeer((request) => peers[/sip:([^@]+)@/.exec(request.uri)![1]!]!.answer());
  const service = await startService({
    pjsip: `
endpoint: { ${names.map((name) => `${name}: { context: default, aors: [${name}] }`).join(', ')} }
aor: { ${names.map((name) => `${name}: { contact: ['${peer.contact(name)}'] }`).join(', ')} }`,
  });
  const watcher = await service.application('watcher', ['endpoint:PJSIP'], { extensions: true });
  const ids = new Map<string, string>();
  for (const name of names) {
    const query = { from: 'sip:app@127.0.0.1', body: name, expires: `${EXPIRES}` };
    const { status, body, headers } = await service.rest('PUT', `/endpoints/PJSIP/${name}/sendMessage`, query);
    expect(status).toBe(202);
    const { id } = body as { id: string };
    expect(headers.get('location')).toBe(`/ari/messages/${id}`);
    ids.set(id, name);
  }

  const ended = new Map<string, Record<string, unknown>[]>(names.map((name) => [name, []]));
  const isFinal = ({ state }: Record<string, unknown>): boolean =>
    ['delivered', 'failed', 'expired'].includes(`${state}`);
  const collect = (): number => {
    for (const each of ended.values()) each.length = 0;
    for (const { type, message } of watcher.events) {
      if (type !== 'MessageStateChange') continue;
      const changed = message as Record<string, unknown>;
      if (isFinal(changed)) ended.get(ids.get(changed['id'] as string)!)!.push(changed);
    }
    return [...ended.values()].filter((each) => each.length > 0).length;
  };
  await expect.poll(collect, { timeout: 90_000, interval: 100 }).toBe(names.length);
  // An answer that comes late, or again, changes nothing any more.
  await pause(12_000);
  collect();

  for (const [id, name] of ids) {
    const { body } = await service.rest('GET', `/messages/${id}`);
    expect(ended.get(name), name).toEqual([body]);
    expect((body as { state: string }).state, name).toBe(peers[name]!.ends);
  }
  const told = [...ended].map(
    ([name, [one]]) => `${name} ${one!['state']} (${one!['status']}, ${one!['attempts']} attempts)`,
  );
  console.log(`answers: ${told.join('; ')}`);
});
