// MESSAGE between a stack without a network and the core: two endpoints, "foo" with contacts and "bar" with none.
import type { IncomingMessage } from '../../../src/core/message.ts';
import type { TextAttempt } from '../../../src/core/technology.ts';
import type { Contact } from '../../../src/technologies/pjsip/contact.ts';
import { messages, type MessagesParts } from '../../../src/technologies/pjsip/messages.ts';
import { outbound } from '../../../src/technologies/pjsip/outbound.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { testCore } from '../../support/core.ts';
import { fakeStack } from '../../support/fake-stack.ts';

export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
export const contact: Contact = { uri: 'sip:foo@192.0.2.1:5062', path: '' };

export const attemptOf = (more: Partial<TextAttempt> = {}): TextAttempt => ({
  ...{ id: 'm-1', number: 1, createdAt: NOW, expiresAt: NOW + 60_000, onSent: () => undefined },
  ...more,
});

interface RoomParts {
  readonly contacts?: readonly Contact[];
  readonly limit?: number;
  readonly withinCall?: (request: SipRequest) => Promise<void>;
  /** What the core does with a message that came; keeps it, if left out. */
  readonly receive?: (incoming: IncomingMessage) => Promise<'accepted' | 'relayed'>;
}

export function room(parts: RoomParts = {}) {
  const { contacts = [contact], limit = 100, receive = async () => 'accepted', withinCall } = parts;
  const stack = fakeStack({ binaryBodies: true });
  const logged: string[] = [];
  const came: IncomingMessage[] = [];
  const objects = resolvePjsip({
    global: { default_outbound_endpoint: 'bar' },
    endpoint: { foo: { aors: 'foo,desk', from_domain: 'example.org', outbound_auth: 'foo' }, bar: {} },
    aor: { foo: {}, desk: {} },
    auth: { foo: { username: 'u', password: 'p' } },
  });
  const core = testCore();
  const taking = {
    receive(incoming: IncomingMessage) {
      came.push(incoming);
      return receive(incoming);
    },
  };
  const texts = messages({
    core: { messages: taking as MessagesParts['core']['messages'] },
    objects,
    location: { contacts: (aor) => (aor === 'foo' ? [...contacts] : []) },
    stack,
    outbound: outbound({ stack, random: (bytes) => Buffer.alloc(bytes) }),
    clock: { now: () => NOW },
    log: (level, text) => void logged.push(`${level}: ${text}`),
    limit,
    ...(withinCall && { withinCall }),
  });
  return {
    ...{ stack, logged, came, service: texts.service, sender: texts.sender },
    metrics: () => texts.metrics,
    from: (resource: string) => ({
      object: objects.endpoints.get(resource)!,
      endpoint: core.endpoints.find({ tech: 'PJSIP', resource }) ?? core.endpoints.create({ tech: 'PJSIP', resource }),
    }),
  };
}
