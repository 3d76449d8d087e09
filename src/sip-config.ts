// The sip section of the configuration: which SIP server, where it listens, and what it may be asked for.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Type, type Static } from 'typebox';
import { invalid } from './config-problems.ts';
import { defaultLimits, type Limits, type SipServerOptions } from './sip-server/index.ts';
import { parseNetwork } from './technologies/pjsip/networks.ts';

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1 });

/** "tcpIdleTime" of the SIP server is "tcp_idle_time" in the file. */
const written = (limit: string): string => limit.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** Those that 0 switches off; of all others nothing would work. */
const MAY_BE_OFF: readonly string[] = ['holdTrying'];
const limitNames = Object.keys(defaultLimits) as (keyof Limits)[];

const Tls = Type.Object(
  {
    cert_file: text,
    priv_key_file: text,
    ca_list_file: Type.Optional(text),
    verify_client: Type.Optional(Type.Boolean()),
  },
  closed,
);

const PLACE = '(\\[[0-9a-fA-F:.]+\\]|[0-9]+(\\.[0-9]+){3}):[0-9]+';
const LISTEN = `^((udp|tcp|tls)://${PLACE}|wss?://${PLACE}(/.*)?)$`;

export const SipConfig = Type.Object(
  {
    server: Type.Optional(Type.String({ pattern: '^(embedded|drachtio://[^/]+:[0-9]+)$' })),
    secret: Type.Optional(Type.String()),
    listen: Type.Optional(Type.Array(Type.String({ pattern: LISTEN }), { minItems: 1 })),
    tls: Type.Optional(Tls),
    external_signaling_address: Type.Optional(text),
    local_net: Type.Optional(Type.Array(text)),
    insecure: Type.Optional(Type.Boolean()),
    limits: Type.Optional(
      Type.Object(
        Object.fromEntries(
          limitNames.map((name) => [
            written(name),
            Type.Optional(Type.Integer({ minimum: MAY_BE_OFF.includes(name) ? 0 : 1 })),
          ]),
        ),
        closed,
      ),
    ),
  },
  closed,
);

/** What is known of SIP's way in, with its defaults. */
export interface SipSettings {
  /** A drachtio-server to connect to; the embedded server if left out. */
  readonly server?: { readonly host: string; readonly port: number; readonly secret: string };
  /** What the embedded server is told. */
  readonly embedded: Pick<SipServerOptions, 'listen' | 'externalAddress' | 'localNetworks' | 'limits'>;
  readonly tls?: Static<typeof Tls>;
  /** Whether requests that nobody has to prove anything for may come from beyond this machine. */
  readonly insecure: boolean;
}

/** Fails with a Fault 'invalid'. */
export function sipSettings(sip: Static<typeof SipConfig> = {}, sipPort?: number): SipSettings {
  const listen = sip.listen ?? ['udp://127.0.0.1:5060', 'tcp://127.0.0.1:5060'];
  const remote = /^drachtio:\/\/(.+):(\d+)$/.exec(sip.server ?? '');
  const { external_signaling_address: external, local_net: local = [], limits = {}, tls } = sip;
  if (external !== undefined && isIP(external) === 0)
    throw invalid(`sip.external_signaling_address: "${external}" is not an IP address`);
  const wrong = local.find((each) => parseNetwork(each) === undefined || !/^[^/]+(\/\d+)?$/.test(each));
  if (wrong !== undefined)
    throw invalid(`sip.local_net: "${wrong}" is neither an address nor a network such as 10.0.0.0/8`);
  if (tls === undefined && listen.some((each) => /^(tls|wss):/.test(each)))
    throw invalid('sip.tls: a tls or wss address needs cert_file and priv_key_file');
  const given = limits as Readonly<Record<string, number | undefined>>;
  return {
    ...(remote && { server: { host: remote[1]!, port: Number(remote[2]), secret: sip.secret ?? 'cymru' } }),
    embedded: {
      listen:
        sipPort === undefined ? listen : listen.map((each) => each.replace(/^((?:udp|tcp):.*):\d+$/, `$1:${sipPort}`)),
      ...(external !== undefined && { externalAddress: external }),
      localNetworks: local,
      limits: Object.fromEntries(
        limitNames.flatMap((name) => {
          const value = given[written(name)];
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    },
    ...(tls && { tls }),
    insecure: sip.insecure ?? false,
  };
}

/** The files that the section names. Fails with a Fault 'invalid' when one cannot be read. */
export function tlsOptions(tls: SipSettings['tls']): Pick<SipServerOptions, 'tls'> {
  if (tls === undefined) return {};
  return {
    tls: {
      cert: read('cert_file', tls.cert_file),
      key: read('priv_key_file', tls.priv_key_file),
      ...(tls.ca_list_file !== undefined && { ca: read('ca_list_file', tls.ca_list_file) }),
      requestCert: tls.verify_client ?? false,
    },
  };
}

function read(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(`sip.tls.${option}: ${(error as Error).message}`);
  }
}
