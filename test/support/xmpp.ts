// What tests of XMPP over a real server have in common: the accounts of the service, and what they wait for.
import { COMPONENT, type Prosody } from './prosody.ts';
import type { Service } from './service.ts';
import { eventually } from './person.ts';

/** YAML of the account "gateway", a component, in one line. */
export const component = ({ ports }: Prosody): string =>
  `gateway: { type: component, username: ${COMPONENT}, secret: component-secret, serverhost: 127.0.0.1, port: ${ports.component} }`;

/** YAML of the account "bot", a client, in one line. */
export const client = ({ ports, caFile }: Prosody, more = ''): string =>
  `bot: { type: client, username: bot@xmpp.example, secret: bot-secret, serverhost: 127.0.0.1, port: ${ports.client}, ca_list_file: ${caFile}${more} }`;

export const ALICE = 'peer: { alice: { jid: alice@xmpp.example } }';

export const stateOf = async ({ rest }: Service, endpoint: string): Promise<string> =>
  ((await rest('GET', `/endpoints/XMPP/${endpoint}`)).body as { state: string }).state;

export const online = (service: Service, endpoint = 'alice'): Promise<boolean> =>
  eventually(async () => (await stateOf(service, endpoint)) === 'online');

export interface Kept {
  readonly state: string;
  readonly reason?: string;
  readonly attempts: number;
  readonly contact?: string;
}

export const messageOf = async ({ rest }: Service, id: string): Promise<Kept> =>
  (await rest('GET', `/messages/${id}`)).body as Kept;

/** Sends it to an address, and says under which id. */
export async function send(
  { rest }: Service,
  to: string,
  body: string,
  more: Record<string, string> = {},
): Promise<string> {
  const { status, body: kept } = await rest('PUT', '/endpoints/sendMessage', { to, body, from: '', ...more });
  if (status !== 202) throw new Error(`${to} was answered ${status}: ${JSON.stringify(kept)}`);
  return (kept as { id: string }).id;
}

export const reaches = (service: Service, id: string, state: string): Promise<Kept> =>
  eventually(async () => {
    const message = await messageOf(service, id);
    return message.state === state && message;
  });
