// The requests of the recordings, asked again: what Asterisk answered is what we answer.
import type { InjectOptions } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { translate } from '../../src/ari/translate.ts';
import { api, ENTITY, recording, type Answer, type Api } from './api.ts';

interface Rest {
  readonly mark: string;
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: unknown;
}

/** Where we answer otherwise: which requests, what instead, and why. One that fits no request fails the test. */
interface Difference {
  readonly fits: RegExp;
  readonly status?: number;
  /** The body is not compared. */
  readonly isOtherBody?: true;
  readonly why: string;
}

const absentResources: Difference = {
  fits: /^\w+ \/ari\/(playbacks|recordings|sounds|asterisk\/(modules|logging))\b/,
  status: 404,
  why: 'these resources are not there',
};
const readsDifferently: readonly Difference[] = [
  absentResources,
  { fits: /^HEAD /, isOtherBody: true, why: 'an answer to HEAD has no body' },
  { fits: /^GET \/ari\/asterisk\/info(\?only=build|\?only=system|$| )/, isOtherBody: true, why: 'another program' },
  { fits: /^GET \/ari\/asterisk\/ping/, isOtherBody: true, why: 'another time' },
  { fits: /^GET \/ari\/api-docs\/\w+\.json/, isOtherBody: true, why: 'the documents are compared elsewhere' },
  { fits: /^GET \/(httpstatus)? /, isOtherBody: true, why: 'JSON, not HTML' },
];
const judgesDifferently: readonly Difference[] = [
  { fits: /^OPTIONS .* preflight/, status: 204, why: 'a preflight needs no credentials' },
  { fits: /^GET \/ari\/asterisk\/ping/, isOtherBody: true, why: 'another time' },
];
const channelsDifferently: readonly Difference[] = [
  { fits: /endpoint=PJSIP\/(bar|nope|sip:x)/, status: 400, why: 'what cannot be called is no failure of the server' },
  { fits: /endpoint=Nope\/foo/, status: 400, why: 'what cannot be called is no failure of the server' },
  { fits: /endpoint=Local\//, status: 400, why: 'there is no technology Local' },
  { fits: /^POST \/ari\/channels\S+\/play\b/, status: 404, why: 'this operation is not there' },
  { fits: /^POST \/ari\/bridges\?type=bogus/, status: 400, why: 'what is malformed is no failure of the server' },
  { fits: /^POST \/ari\/bridges\/bx\/play/, status: 404, why: 'nothing plays media' },
  { fits: /^(POST \/ari\/bridges|GET \/ari\/bridges\?x=1) /, isOtherBody: true, why: 'an id that was made up' },
  { fits: /^PUT \/ari\/deviceStates.*BOGUS/, status: 400, why: 'what is malformed is no failure of the server' },
];

const told = ({ request: { method, path }, name }: Rest): string => `${method} ${path} ${name}`;

function ask({ ask }: Api, { request: { method, path, headers, body } }: Rest): Promise<Answer> {
  const { 'Content-Length': _, Connection: __, ...others } = headers;
  const options: Pick<InjectOptions, 'headers' | 'payload'> = { headers: others };
  return ask(method, path, body === undefined ? options : { ...options, payload: body });
}

const compared = ['allow', 'www-authenticate', 'cache-control'];
/** Asterisk has no headers that a page could want to read. */
const added = 'access-control-expose-headers';

/** What must be equal, of their answer and of ours. */
function essence(status: number, headers: Readonly<Record<string, unknown>>, body: unknown): object {
  const kept = Object.entries(headers).filter(
    ([name]) => compared.includes(name) || (name.startsWith('access-control-') && name !== added),
  );
  return { status, headers: Object.fromEntries(kept), body: status < 300 ? normal(body) : typeof body };
}

/** Asterisk shows what an application is subscribed to in the order of a hash; and each call has a time and names of its own. */
function normal(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(normal);
  if (typeof body === 'object' && body !== null && 'protocol_id' in body) {
    const { id, ...others } = body as unknown as Record<string, unknown>;
    const isGiven = !/^\d+\.\d+$/.test(String(id));
    return { ...others, id: isGiven && id, protocol_id: 'its own', creationtime: 'its own' };
  }
  const {
    endpoint_ids: endpoints,
    device_names: devices,
    creationtime: _,
    ...others
  } = (body || {}) as Record<string, string[]>;
  return {
    ...others,
    ...(endpoints && { endpoint_ids: endpoints.toSorted() }),
    ...(devices && { device_names: devices.toSorted() }),
  };
}

/** Asks all of it again, in order. */
async function replay(asked: Api, lines: readonly Rest[], differences: readonly Difference[]): Promise<void> {
  const unused = new Set(differences);
  for (const line of lines) {
    const answer = await ask(asked, line);
    const difference = differences.find(({ fits }) => fits.test(told(line)));
    if (difference !== undefined) unused.delete(difference);
    if (difference?.status !== undefined) {
      expect([told(line), answer.status]).toEqual([told(line), difference.status]);
    } else {
      const headers = Object.fromEntries(line.headers.map(([name, value]) => [name.toLowerCase(), value]));
      const masked = difference?.isOtherBody === true ? { body: 'of another' } : {};
      const ours = { ...essence(answer.status, answer.headers, answer.body), ...masked };
      const theirs = { ...essence(line.status, headers, line.body), ...masked };
      expect([told(line), ours]).toEqual([told(line), theirs]);
    }
    if (answer.status >= 300 && line.request.method !== 'HEAD') {
      expect(answer.body).toEqual({ message: expect.any(String) as string, code: expect.any(String) as string });
    }
  }
  expect([...unused]).toEqual([]);
}

const rests = (name: string): Rest[] => (recording(name) as unknown as Rest[]).filter(({ mark }) => mark === 'rest');

test('reads are answered as Asterisk answers them', async () => {
  await replay(api(), rests('http-reads.jsonl'), readsDifferently);
});

test('credentials and origins are judged as Asterisk judges them', async () => {
  await replay(api(), rests('http-auth-cors.jsonl'), judgesDifferently);
});

test('what exists of channels is answered as Asterisk answers it', async () => {
  await replay(api(), rests('http-channels-bridges.jsonl'), channelsDifferently);
});

test('subscriptions, filters and user events are answered as by Asterisk, and the events are the same', async () => {
  const asked = api();
  const { applications } = asked.core;
  const events: unknown[] = [];
  const registration = applications.register('subapp', (message) => {
    for (const event of translate(message)) events.push({ ...event, asterisk_id: ENTITY, application: 'subapp' });
  });
  onTestFinished(() => registration.close());
  const lines = recording('http-subscriptions.jsonl') as unknown as (Rest & { events?: { event: object }[] })[];
  const closing = lines.findIndex(({ mark }) => mark === 'ws-events on subapp');
  await replay(asked, lines.slice(0, closing), []);
  await registration.subscription.drained();
  const timestamp = '2026-11-20T19:13:43.844+0000';
  expect(events).toEqual(lines[closing]!.events!.map(({ event }) => ({ ...event, timestamp })));

  // Asterisk forgets an application without a listener although it is subscribed to device states.
  applications.unsubscribe('subapp', ['deviceState:Stasis:abc']);
  for (const kind of ['CHANNEL', 'BRIDGE', 'ENDPOINT']) {
    applications.unsubscribe('subapp', [`${kind.toLowerCase()}:__AST_${kind}_ALL_TOPIC`]);
  }
  registration.close();
  await replay(asked, lines.slice(closing + 1), []);
});
