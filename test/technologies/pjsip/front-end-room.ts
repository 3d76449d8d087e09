// A front end with a few endpoints, services for tests, and nothing around it.
import { checkingAuthentication, digestAuthenticator } from '../../../src/technologies/pjsip/auth.ts';
import { DigestServer } from '../../../src/technologies/pjsip/digest-server.ts';
import { frontEnd } from '../../../src/technologies/pjsip/front-end.ts';
import { Identifiers, identifiers } from '../../../src/technologies/pjsip/identify.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import type { Sender, Service } from '../../../src/technologies/pjsip/service.ts';
import { Services } from '../../../src/technologies/pjsip/services.ts';
import { Unidentified } from '../../../src/technologies/pjsip/unidentified.ts';
import { Works } from '../../../src/technologies/pjsip/work.ts';
import { testCore } from '../../support/core.ts';
import { fakeStack, type Incoming, type Received } from '../../support/fake-stack.ts';
import { testClock } from '../../support/test-clock.ts';

export interface Story {
  readonly services: Services;
  readonly logged: string[];
  readonly unidentified: Unidentified;
  stopping: boolean;
  /** What has been answered when the front end is through with it. */
  ask(request: Incoming): Promise<Received>;
}

export function begin(limit = 100): Story {
  const objects = resolvePjsip({
    endpoint: {
      foo: {},
      safe: { auth: 'safe' },
      near: { deny: '0.0.0.0/0', permit: '127.0.0.0/8' },
    },
    auth: { safe: { username: 'safe', password: 'x' } },
    acl: { one: { deny: '203.0.113.0/24' }, two: { deny: '198.51.100.0/24' } },
  });
  const core = testCore();
  const services = new Services();
  const logged: string[] = [];
  const log = (level: string, text: string): void => void logged.push(`${level}: ${text}`);
  const clock = testClock();
  const random = (bytes: number): Buffer => Buffer.alloc(bytes);
  const unidentified = new Unidentified(objects.global, clock, log);
  const digest = new DigestServer({ clock, random });
  const order = new Identifiers(objects);
  for (const [name, each] of Object.entries(identifiers(objects, { has: () => false }))) order.register(name, each);
  const story: Story = { services, logged, unidentified, stopping: false, ask };
  const receive = frontEnd({
    objects,
    identifiers: order,
    checkAuthentication: checkingAuthentication(digestAuthenticator({ objects, digest, random }), digest),
    services,
    works: new Works({ limit }),
    endpointOf: ({ id }) =>
      core.endpoints.find({ tech: 'PJSIP', resource: id }) ?? core.endpoints.create({ tech: 'PJSIP', resource: id }),
    isOpen: () => !story.stopping,
    unidentified,
    log,
  });
  async function ask(request: Incoming): Promise<Received> {
    const stack = fakeStack();
    let done = Promise.resolve();
    await stack.start((each) => (done = receive(each)));
    const received = stack.receive(request);
    await done;
    return received;
  }
  return story;
}

export const from = (user: string, more: Partial<Incoming> & { readonly method: string }): Incoming => ({
  ...more,
  headers: [['From', `<sip:${user}@127.0.0.1>;tag=1`], ...(more.headers ?? [])],
});

/** Takes such methods, answers 200, and remembers who came. */
export function service(
  methods: readonly string[],
  handle?: Service['handle'],
): Service & { readonly senders: (Sender | undefined)[] } {
  const senders: (Sender | undefined)[] = [];
  return {
    name: methods.join(),
    methods,
    senders,
    async handle(request, sender) {
      senders.push(sender);
      await (handle?.(request, sender) ?? request.respond(200));
    },
  };
}

export const statuses = ({ answers }: Received): number[] => answers.map(({ status }) => status);
