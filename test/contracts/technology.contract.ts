// What every technology that has endpoints and texts does, shown through the API to someone at the far end.
import { describe, expect, test } from 'vitest';
import type { AriEvent } from '../../scripts/demo/application.ts';
import { eventually } from '../support/person.ts';
import type { Service } from '../support/service.ts';
import { messageOf, reaches } from '../support/xmpp.ts';

export interface FarEnd {
  readonly service: Service;
  /** Whether it can be reached. */
  arrive(): Promise<void>;
  leave(): Promise<void>;
  /** Sends a text to the service, and waits until it was confirmed; `id` is the sender's own of the message. */
  write(body: string, id: string): Promise<void>;
  /** How it takes further texts: so, for good not, or not now. */
  take(how: 'gladly' | 'never' | 'later'): void;
  /** The texts that it got, in order, those that it refused among them. */
  readonly bodies: readonly string[];
}

export interface TechnologyTraits {
  /** "PJSIP" */
  readonly name: string;
  /** Its configured endpoint. */
  readonly resource: string;
  /** Something that no message can say there. */
  readonly unsayable: { readonly body: string; readonly variables?: Record<string, string> };
}

/** `make` starts a service whose far end is not there yet; it is closed when the test has ended. */
export function technologyContract({ name, resource, unsayable }: TechnologyTraits, make: () => Promise<FarEnd>): void {
  const scheme = name.toLowerCase();
  const endpoint = `${name}/${resource}`;
  const stateOf = async ({ rest }: Service): Promise<unknown> => (await rest('GET', `/endpoints/${endpoint}`)).body;
  const send = async ({ rest }: Service, body: string): Promise<string> => {
    const { status, body: kept } = await rest('PUT', `/endpoints/${endpoint}/sendMessage`, { from: '', body });
    expect(status).toBe(202);
    return (kept as { id: string }).id;
  };
  const isOf = ({ endpoint: told }: AriEvent): boolean =>
    (told as { resource?: string } | undefined)?.resource === resource;

  describe(`the technology ${name}`, () => {
    test('has its configured endpoints, without a channel, and tells when they come and go', async () => {
      const far = await make();
      const { service } = far;
      const shown = { technology: name, resource, channel_ids: [] };
      expect(await stateOf(service)).toMatchObject(shown);
      expect((await service.rest('GET', `/endpoints/${name}`)).body).toContainEqual(await stateOf(service));
      expect((await service.rest('GET', `/endpoints/${name}/nobody`)).status).toBe(404);
      const app = await service.application('watcher', [`endpoint:${endpoint}`]);
      for (const [act, state, status] of [
        ['arrive', 'online', 'Reachable'],
        ['leave', 'offline', 'Unreachable'],
      ] as const) {
        await app.take();
        await far[act]();
        expect(await app.next('EndpointStateChange')).toMatchObject({ endpoint: { ...shown, state } });
        expect(await app.next('PeerStatusChange')).toMatchObject({
          endpoint: { state },
          peer: { peer_status: status },
        });
        expect(await stateOf(service)).toMatchObject({ ...shown, state });
      }
    });

    test('is one source of all its endpoints', async () => {
      const far = await make();
      const all = await far.service.application('all', [`endpoint:${name}`]);
      await far.arrive();
      await far.write('hello', '1');
      expect(isOf(await all.next('TextMessageReceived'))).toBe(true);
    });

    test('delivers a message to who is there, under both of its addresses', async () => {
      const far = await make();
      await far.arrive();
      const id = await send(far.service, 'one €');
      expect(await reaches(far.service, id, 'delivered')).toMatchObject({ attempts: 1 });
      const to = `${scheme}:${resource}`;
      const { status } = await far.service.rest('PUT', '/endpoints/sendMessage', { to, from: '', body: 'two' });
      expect(status).toBe(202);
      await eventually(() => far.bodies.length === 2);
      expect(far.bodies).toEqual(['one €', 'two']);
    });

    test('keeps a message for who is away, and delivers it when he comes, in order', async () => {
      const far = await make();
      await far.arrive();
      await far.leave();
      const ids = [await send(far.service, 'one'), await send(far.service, 'two')];
      expect(await messageOf(far.service, ids[0]!)).toMatchObject({ state: 'queued', attempts: 0 });
      await far.arrive();
      for (const id of ids) await reaches(far.service, id, 'delivered');
      expect(far.bodies).toEqual(['one', 'two']);
    });

    test('a message that is refused for good has failed, with the reason, and the next one goes', async () => {
      const far = await make();
      await far.arrive();
      far.take('never');
      const { reason } = await reaches(far.service, await send(far.service, 'one'), 'failed');
      expect(reason).toBeTruthy();
      far.take('gladly');
      await reaches(far.service, await send(far.service, 'two'), 'delivered');
    });

    test('a message that cannot be taken now is tried again', async () => {
      const far = await make();
      await far.arrive();
      far.take('later');
      const id = await send(far.service, 'one');
      await eventually(() => far.bodies.length === 1);
      await reaches(far.service, id, 'queued');
      far.take('gladly');
      expect(await reaches(far.service, id, 'delivered')).toMatchObject({ attempts: 2 });
      expect(far.bodies).toEqual(['one', 'one']);
    });

    test('refuses at once what it cannot say, and addresses that lead nowhere', async () => {
      const { service } = await make();
      const ask = async (to: string, body: string, variables: Record<string, string> = {}) =>
        (await service.rest('PUT', '/endpoints/sendMessage', { to, from: '', body }, { variables })).status;
      expect(await ask(`${scheme}:${resource}`, unsayable.body, unsayable.variables)).toBe(400);
      for (const to of [`${scheme}:`, `${name}:${resource}`, 'nothing:x']) expect(await ask(to, 'x')).toBe(404);
    });

    test('tells a message that comes, once, with addresses by which it can be answered', async () => {
      const far = await make();
      await far.arrive();
      const app = await far.service.application('crm', [`endpoint:${endpoint}`]);
      await far.write('hello', '1');
      await far.write('hello', '1');
      await far.write('again', '2');
      const { message, endpoint: from } = await app.next('TextMessageReceived');
      expect(from).toMatchObject({ technology: name, resource, state: 'online' });
      expect(message).toMatchObject({ body: 'hello', variables: { 'Content-Type': 'text/plain' } });
      expect((message as { to: string }).to).toMatch(new RegExp(`^${scheme}:`));
      expect((await app.next('TextMessageReceived'))['message']).toMatchObject({ body: 'again' });
    });

    test('keeps a message that comes until somebody hears it', async () => {
      const far = await make();
      await far.arrive();
      await far.write('early', '1');
      const app = await far.service.application('late', [`endpoint:${endpoint}`]);
      expect((await app.next('TextMessageReceived'))['message']).toMatchObject({ body: 'early' });
    });
  });
}
