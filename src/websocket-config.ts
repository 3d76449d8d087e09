// The sections of the configuration on WebSockets that are opened from here: to which servers, and for which applications.
import { readFileSync } from 'node:fs';
import { Type, type Static } from 'typebox';
import type { OutboundBinding, Target } from './ari/outbound/binding.ts';
import { invalid } from './config-problems.ts';
import { didYouMean } from './technologies/pjsip/nearest.ts';
import { isYes, list, listOf, yesNo } from './technologies/pjsip/objects/reading.ts';

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1 });
const milliseconds = Type.Integer({ minimum: 1, maximum: 3_600_000 });

const WebSocketClient = Type.Object(
  {
    uri: Type.String({ pattern: '^wss?://[^/?#]+' }),
    protocols: Type.Optional(list),
    username: Type.Optional(text),
    password: Type.Optional(text),
    connection_type: Type.Enum(['persistent', 'per_call_config']),
    connection_timeout: Type.Optional(milliseconds),
    reconnect_interval: Type.Optional(milliseconds),
    reconnect_attempts: Type.Optional(Type.Integer({ minimum: 1 })),
    tls_enabled: Type.Optional(yesNo),
    ca_list_file: Type.Optional(text),
    verify_server_cert: Type.Optional(yesNo),
    verify_server_hostname: Type.Optional(yesNo),
  },
  closed,
);

/** Named as in Asterisk's websocket_client.conf. */
export const WebSocketClientsConfig = Type.Record(Type.String(), WebSocketClient);

/** Named as in Asterisk's ari.conf, and `extensions`: whether events are wanted that ARI does not have. */
export const OutboundWebSocketsConfig = Type.Record(
  Type.String(),
  Type.Object(
    {
      ...{ websocket_client_id: text, apps: list, local_ari_user: text },
      ...{ subscribe_all: Type.Optional(yesNo), extensions: Type.Optional(yesNo) },
    },
    closed,
  ),
);

interface Sections {
  readonly clients: Static<typeof WebSocketClientsConfig> | undefined;
  readonly bindings: Static<typeof OutboundWebSocketsConfig> | undefined;
  /** The names of the users of the API. */
  readonly users: readonly string[];
}

/** As in Asterisk. */
const MILLISECONDS = 500;
const ATTEMPTS_PER_CALL = 4;

/** Fails with a Fault 'invalid'. */
export function outboundBindings({ clients = {}, bindings = {}, users }: Sections): OutboundBinding[] {
  const targets = new Map(Object.entries(clients).map(([name, client]) => [name, targetOf(name, client)]));
  const taken = new Map<string, string>();
  return Object.entries(bindings).map(([name, binding]) => {
    const path = `ari.outbound_websockets.${name}`;
    const { websocket_client_id: client, local_ari_user: user } = binding;
    const target = targets.get(client);
    if (target === undefined) throw unknown(`${path}.websocket_client_id`, 'websocket_client', client, targets.keys());
    if (!users.includes(user)) throw unknown(`${path}.local_ari_user`, 'user', user, users);
    const apps = listOf(Array.isArray(binding.apps) ? binding.apps : [binding.apps].join());
    if (apps.length === 0) throw invalid(`${path}.apps: expected the name of an application`);
    for (const app of apps) {
      const other = taken.get(app);
      if (other !== undefined)
        throw invalid(`${path}.apps: "${app}" is an application of ari.outbound_websockets.${other} already`);
      taken.set(app, name);
    }
    const kind = clients[client]!.connection_type === 'persistent' ? 'persistent' : 'per-call';
    const subscribeAll = isYes(binding.subscribe_all, false);
    return { name, target, kind, apps, user, subscribeAll, extensions: isYes(binding.extensions, false) };
  });
}

function targetOf(name: string, client: Static<typeof WebSocketClient>): Target {
  const path = `websocket_client.${name}`;
  const { uri, username, password } = client;
  const isSecure = uri.startsWith('wss:');
  if (!URL.canParse(uri))
    throw invalid(`${path}.uri: expected an address such as wss://app.example/ari, found "${uri}"`);
  if (isYes(client.tls_enabled, isSecure) !== isSecure)
    throw invalid(`${path}.tls_enabled: with TLS the uri begins with wss://, without it with ws://`);
  if ((username === undefined) !== (password === undefined))
    throw invalid(`${path}: expected both username and password, or neither`);
  return {
    uri,
    protocols: listOf(Array.isArray(client.protocols) ? client.protocols.join() : (client.protocols ?? 'ari')),
    ...(username !== undefined && password !== undefined && { credentials: { username, password } }),
    tls: {
      ...(client.ca_list_file !== undefined && { ca: read(`${path}.ca_list_file`, client.ca_list_file) }),
      verifiesCertificate: isYes(client.verify_server_cert, true),
      verifiesHostname: isYes(client.verify_server_hostname, true),
    },
    timeout: client.connection_timeout ?? MILLISECONDS,
    interval: client.reconnect_interval ?? MILLISECONDS,
    attempts: client.reconnect_attempts ?? (client.connection_type === 'persistent' ? Infinity : ATTEMPTS_PER_CALL),
  };
}

const unknown = (path: string, kind: string, name: string, known: Iterable<string>) => {
  const names = [...known];
  return invalid(`${path}: there is no ${kind} "${name}"${didYouMean(name, names)}`);
};

function read(path: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(`${path}: ${(error as Error).message}`);
  }
}
