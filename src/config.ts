// The configuration: its schema, what the environment and the command line call it, and what is wrong with it.
import { Ajv } from 'ajv';
import { Type, type Static } from 'typebox';
import { isScalar, parse, parseDocument, visit, type Document } from 'yaml';
import type { OutboundBinding } from './ari/outbound/binding.ts';
import { invalid, problems } from './config-problems.ts';
import { ContextsConfig, contextsOf } from './contexts-config.ts';
import type { Contexts } from './core/routing.ts';
import {
  EventsConfig,
  MessagesConfig,
  eventSettings,
  messageSettings,
  type EventSettings,
  type ConfiguredMessages,
} from './durable-config.ts';
import { SipConfig, sipSettings, type SipSettings } from './sip-config.ts';
import { didYouMean } from './technologies/pjsip/nearest.ts';
import { PjsipConfig } from './technologies/pjsip/objects/index.ts';
import { resolvePjsip } from './technologies/pjsip/objects/index.ts';
import { resolveXmpp, XmppConfig } from './technologies/xmpp/config.ts';
import { OutboundWebSocketsConfig, WebSocketClientsConfig, outboundBindings } from './websocket-config.ts';

const closed = { additionalProperties: false } as const;
const port = Type.Integer({ minimum: 0, maximum: 65_535, description: 'A port; 0 takes any free one.' });

const User = Type.Object(
  {
    password: Type.Optional(Type.String({ minLength: 1 })),
    password_hash: Type.Optional(
      Type.String({ pattern: '^scrypt:', description: 'Instead of the password: see README.' }),
    ),
    read_only: Type.Optional(Type.Boolean()),
  },
  closed,
);

export const Config = Type.Object(
  {
    http: Type.Optional(Type.Object({ host: Type.Optional(Type.String()), port: Type.Optional(port) }, closed)),
    ari: Type.Object(
      {
        users: Type.Record(Type.String(), User, { minProperties: 1 }),
        allowed_origins: Type.Optional(Type.Array(Type.String())),
        outbound_websockets: Type.Optional(OutboundWebSocketsConfig),
      },
      closed,
    ),
    websocket_client: Type.Optional(WebSocketClientsConfig),
    sip: Type.Optional(SipConfig),
    pjsip: Type.Optional(PjsipConfig),
    xmpp: Type.Optional(XmppConfig),
    contexts: Type.Optional(ContextsConfig),
    messages: Type.Optional(MessagesConfig),
    events: Type.Optional(EventsConfig),
    data: Type.Optional(Type.String({ minLength: 1, description: 'The directory of what must outlive the process.' })),
  },
  closed,
);

export type RawConfig = Static<typeof Config>;

/** The configuration with its defaults. */
export interface ArionConfig {
  readonly http: { readonly host: string; readonly port: number };
  readonly ari: {
    readonly users: RawConfig['ari']['users'];
    readonly allowedOrigins: readonly string[];
    /** WebSockets that are opened from here. */
    readonly outbound: readonly OutboundBinding[];
  };
  readonly sip: SipSettings;
  readonly pjsip: Static<typeof PjsipConfig>;
  readonly xmpp: XmppConfig;
  readonly contexts: Contexts;
  readonly messages: ConfiguredMessages;
  readonly events: EventSettings;
  readonly data: string;
}

export interface ConfigSources {
  /** The file's text: YAML, and so JSON too. */
  readonly text: string;
  /** Variables; those that begin with ARION_ count. Before the file. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Before the environment. */
  readonly httpPort?: number;
  readonly sipPort?: number;
}

/** Reads the configuration. Fails with a Fault 'invalid' that says the path of the wrong key and what was expected. */
export function readConfig({ text, environment = {}, httpPort, sipPort }: ConfigSources): ArionConfig {
  const raw = readText(text);
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && name.startsWith(PREFIX)) applyVariable(raw, name, value);
  }
  if (httpPort !== undefined) put(raw, ['http', 'port'], httpPort);
  const config = check(raw);
  return withDefaults(config, sipPort);
}

function readText(text: string): Tree {
  let raw: unknown;
  try {
    // For each key the library would look through its whole mapping: a minute for 100,000 endpoints.
    const document = parseDocument(text, { uniqueKeys: false });
    const [wrong = repeatedKey(document, text)] = document.errors;
    if (wrong !== undefined) throw wrong;
    for (const warning of document.warnings) process.emitWarning(warning);
    raw = document.toJS();
  } catch (error) {
    throw invalid(`the file is not YAML: ${(error as Error).message}`);
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw invalid('expected a mapping of sections: http, ari, sip, ...');
  return raw as Tree;
}

/** The first key that its mapping has had before. */
function repeatedKey(document: Document, text: string): Error | undefined {
  let wrong: Error | undefined;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const line = text.slice(0, key.range?.[0]).split('\n').length;
          wrong = new Error(`line ${line}: the mapping has the key "${String(key.value)}" already`);
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return wrong;
}

function check(raw: Tree): RawConfig {
  const validate = new Ajv({ allErrors: true, verbose: true }).compile<RawConfig>(Config);
  if (!validate(raw)) throw invalid(problems(validate.errors ?? []).join('\n'));
  checkUsers(raw);
  checkEndpointContexts(raw);
  resolvePjsip(raw.pjsip ?? {});
  resolveXmpp(raw.xmpp ?? {});
  return raw;
}

function checkUsers({ ari }: RawConfig): void {
  for (const [name, { password, password_hash: hash }] of Object.entries(ari.users)) {
    if ((password === undefined) === (hash === undefined)) {
      throw invalid(`ari.users.${name}: expected either password or password_hash`);
    }
  }
}

function checkEndpointContexts({ contexts = {}, pjsip }: RawConfig): void {
  for (const [name, { context }] of Object.entries(pjsip?.endpoint ?? {})) {
    if (context === undefined || context in contexts || context.startsWith('stasis-')) continue;
    throw invalid(
      `pjsip.endpoint.${name}.context: there is no context "${context}"${didYouMean(context, Object.keys(contexts))}`,
    );
  }
}

function withDefaults(
  { http, ari, websocket_client: clients, sip, pjsip, xmpp, contexts, messages, events, data }: RawConfig,
  sipPort: number | undefined,
): ArionConfig {
  return {
    http: { host: http?.host ?? '127.0.0.1', port: http?.port ?? 8088 },
    ari: {
      users: ari.users,
      allowedOrigins: ari.allowed_origins ?? [],
      outbound: outboundBindings({ clients, bindings: ari.outbound_websockets, users: Object.keys(ari.users) }),
    },
    sip: sipSettings(sip, sipPort),
    pjsip: pjsip ?? {},
    xmpp: xmpp ?? {},
    contexts: contextsOf(contexts),
    messages: messageSettings(messages),
    events: eventSettings(events),
    data: data ?? './data',
  };
}

type Tree = Record<string, unknown>;
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

const PREFIX = 'ARION_';
const asVariable = (key: string): string => key.toUpperCase().replace(/[^A-Z0-9]/g, '_');
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function applyVariable(raw: Tree, name: string, value: string): void {
  const path = findPath(Config as Schema, raw, name.slice(PREFIX.length));
  if (path === undefined) {
    const known = Object.keys(Config.properties).map((key) => PREFIX + asVariable(key));
    throw invalid(`${name}: no part of the configuration has this name${didYouMean(name, known)}`);
  }
  put(raw, path, parse(value) as unknown);
}

/** The path that a variable's name stands for; a key that the file has already goes before one that it might have. */
function findPath(schema: Schema, raw: unknown, name: string): string[] | undefined {
  const tree = isTree(raw) ? raw : {};
  const candidates = Object.entries(schema.properties ?? {}).map(([key, inner]) => ({
    key,
    inner,
    shown: asVariable(key),
  }));
  for (const inner of Object.values(schema.patternProperties ?? {})) {
    const parts = name.split('_');
    const keys = [
      ...Object.keys(tree),
      ...parts.map((_, index) =>
        parts
          .slice(0, index + 1)
          .join('_')
          .toLowerCase(),
      ),
    ];
    candidates.push(...keys.map((key) => ({ key, inner, shown: asVariable(key) })));
  }
  for (const { key, inner, shown } of candidates) {
    if (name === shown) return [key];
    const rest = name.startsWith(`${shown}_`) ? findPath(inner, tree[key], name.slice(shown.length + 1)) : undefined;
    if (rest !== undefined) return [key, ...rest];
  }
  return undefined;
}

function put(raw: Tree, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (rest.length === 0) raw[key!] = value;
  else {
    const inner = isTree(raw[key!]) ? (raw[key!] as Tree) : {};
    raw[key!] = inner;
    put(inner, rest, value);
  }
}
