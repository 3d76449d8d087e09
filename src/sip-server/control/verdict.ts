// What a web service answers about a new request: the JSON of drachtio's outbound mode.
import { parseNameAddress, formatNameAddress } from '../grammar/name-address.ts';

export type Verdict =
  /** To an application that listens there. */
  | { readonly kind: 'route'; readonly host: string; readonly port: number; readonly isTls: boolean }
  /** To one of those that have come with this tag. */
  | { readonly kind: 'tagged'; readonly tag: string }
  | { readonly kind: 'reject'; readonly status: number; readonly reason: string }
  /** Contact values. */
  | { readonly kind: 'redirect'; readonly contacts: readonly string[] }
  /** The tokens of a "proxy" command behind its transaction id. */
  | { readonly kind: 'proxy'; readonly tokens: readonly string[] };

/** Fails when it is none. */
export function parseVerdict(answer: unknown): Verdict {
  const action = isRecord(answer) ? answer['action'] : undefined;
  const data = isRecord(answer) && isRecord(answer['data']) ? answer['data'] : {};
  const verdict = typeof action === 'string' && Object.hasOwn(parsers, action) ? parsers[action]!(data) : undefined;
  if (verdict === undefined) throw new Error('the answer is none that can be understood');
  return verdict;
}

type Data = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** No line breaks, and no "|", which divides tokens. */
const isText = (value: unknown): value is string => typeof value === 'string' && /^[^\0-\x1f\x7f|]*$/.test(value);

const parsers: Readonly<Record<string, (data: Data) => Verdict | undefined>> = {
  route({ uri, tag }) {
    if (typeof tag === 'string') return { kind: 'tagged', tag };
    const shape = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\d{1,5})(?:;transport=(tcp|tls))?$/i;
    const [, host, port, transport] = (typeof uri === 'string' && shape.exec(uri)) || [];
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
    return {
      kind: 'route',
      host: host.replace(/^\[|\]$/g, ''),
      port: Number(port),
      isTls: transport?.toLowerCase() === 'tls',
    };
  },
  reject({ status, reason = '' }) {
    const isFailure = typeof status === 'number' && Number.isInteger(status) && status >= 300 && status <= 699;
    return isFailure && isText(reason) ? { kind: 'reject', status, reason } : undefined;
  },
  redirect({ contact }) {
    const contacts = textsOf(contact).map((each) => parseNameAddress(each));
    return contacts.length > 0 && contacts.every((each) => each !== undefined)
      ? { kind: 'redirect', contacts: contacts.map(formatNameAddress) }
      : undefined;
  },
  proxy(data) {
    const { recordRoute, followRedirects = true, simultaneous, provisionalTimeout = '5s', finalTimeout = '60s' } = data;
    const destinations = textsOf(data['destination']).map((each) => (/^sips?:/i.test(each) ? each : `sip:${each}`));
    if (destinations.length === 0 || !isText(provisionalTimeout) || !isText(finalTimeout)) return undefined;
    const tokens = [
      recordRoute === true ? 'remainInDialog' : '',
      '',
      followRedirects === true ? 'followRedirects' : '',
      simultaneous === true ? 'simultaneous' : 'serial',
      provisionalTimeout,
      finalTimeout,
      ...destinations,
    ];
    return { kind: 'proxy', tokens };
  },
};

/** A text or a list of them; empty when it is neither. */
function textsOf(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.every(isText) ? texts : [];
}
