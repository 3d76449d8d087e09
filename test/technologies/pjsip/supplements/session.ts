// A session without a stack, as supplements see it: what they do is written down.
import type { Party } from '../../../../src/core/facts.ts';
import { Datastores } from '../../../../src/technologies/pjsip/datastores.ts';
import { resolvePjsip, type PjsipConfig } from '../../../../src/technologies/pjsip/objects/index.ts';
import { SipHeaders, type SipHeader, type SipResponse } from '../../../../src/technologies/pjsip/stack.ts';
import {
  Supplements,
  type Supplement,
  type SupplementedSession,
} from '../../../../src/technologies/pjsip/supplements/index.ts';
import { fakeDriver, listen, testCore } from '../../../support/core.ts';
import type { Incoming } from '../../../support/fake-stack.ts';
import { incoming } from '../request.ts';

export interface SessionOptions {
  readonly endpoint?: NonNullable<PjsipConfig['endpoint']>[string];
  readonly direction?: 'inbound' | 'outbound';
  readonly connected?: Party;
  readonly cause?: number;
  /** What the far end answers to requests of ours. */
  readonly answers?: number;
}

export function session(list: readonly Supplement[], options: SessionOptions = {}) {
  const { direction = 'inbound', answers = 200 } = options;
  const core = testCore();
  const endpoint = core.endpoints.create({ tech: 'PJSIP', resource: 'foo' });
  const object = resolvePjsip({ endpoint: { foo: options.endpoint ?? {} } }).endpoints.get('foo')!;
  /** What the session was told, in words. */
  const said: string[] = [];
  const logged: string[] = [];
  const log = (level: string, text: string): void => void logged.push(`${level}: ${text.split('\n')[0]}`);
  const shown = ({ name, number, isPrivate }: Party): string => `${name} ${number}${isPrivate ? ' private' : ''}`;
  const given = {
    endpoint: object,
    direction,
    channel: undefined as SupplementedSession['channel'],
    datastores: new Datastores(log),
    host: '192.0.2.9',
    connected: options.connected,
    cause: options.cause,
    setVariable: (name: string, value: string) => void said.push(`${name}=${value}`),
    setCaller: (party: Party) => void said.push(`caller ${shown(party)}`),
    setRedirecting: (number: string) => void said.push(`redirecting ${number}`),
    setCause: (cause: number) => void said.push(`cause ${cause}`),
    async request(method: string): Promise<SipResponse> {
      said.push(method);
      return response(answers);
    },
  };
  const asked = new Supplements(list, log).begin(given);
  return {
    asked,
    said,
    logged,
    given,
    listen: () => listen(endpoint.topic),
    makeChannel(redirecting?: string) {
      const at = { context: 'default', exten: 's' };
      const channel = core.channels.create({ endpoint, name: 'PJSIP/foo', state: 'Ring', ...at, driver: fakeDriver() });
      if (redirecting === undefined) given.channel = channel;
      else given.channel = withRedirecting(channel, redirecting);
      return channel;
    },
    /** A request comes; what it is answered goes on in `received`. */
    async receive(request: Partial<Incoming>) {
      const { request: each, received } = incoming({ method: 'INVITE', ...request });
      return { goesOn: await asked.incomingRequest(each), received };
    },
    /** What a request of ours leaves with. */
    send(method = 'INVITE', headers: SipHeader[] = []): SipHeader[] {
      asked.outgoingRequest({ method, headers });
      return headers;
    },
    /** What our response to a request leaves with. */
    async respond(status: number, method = 'INVITE'): Promise<SipHeader[]> {
      const { request, received } = incoming({ method });
      const goesOn = await asked.incomingRequest(request);
      await goesOn?.respond(status);
      return [...received.answers[0]!.headers];
    },
  };
}

/** As it is when whoever dialled it has been diverted. */
function withRedirecting(channel: NonNullable<SupplementedSession['channel']>, redirecting: string) {
  return Object.create(channel, { snapshot: { value: { ...channel.snapshot, redirecting } } }) as typeof channel;
}

export const response = (status: number, headers: readonly SipHeader[] = []): SipResponse => ({
  status,
  reason: 'as it is',
  headers: new SipHeaders(headers),
  body: '',
  source: undefined,
  dialogId: undefined,
});
