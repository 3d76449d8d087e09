// Outbound mode: for each new request a web service is asked which application gets it, or what else becomes of it.
import { parseNameAddress } from '../grammar/name-address.ts';
import { paramOf, parseParams } from '../grammar/lists.ts';
import { parseSipUri } from '../grammar/uri.ts';
import { headerOf, type SipRequest } from '../message.ts';
import type { Limits } from '../options.ts';
import type { Flow } from '../transport/flow.ts';
import { parseVerdict, type Verdict } from './verdict.ts';

/** Octets of an answer. */
const answerSize = 65_536;

type Bounds = Pick<Limits, 'handlerTime' | 'handlerRequests'>;

export class RequestHandlers {
  readonly #urls: ReadonlyMap<string, URL>;
  readonly #time: number;
  readonly #limit: number;
  readonly #stopping = new AbortController();
  #underWay = 0;

  /** `urls` by method, "*" for any other. Fails with a TypeError when one is malformed. */
  constructor(urls: Readonly<Record<string, string>>, { handlerTime, handlerRequests }: Bounds) {
    this.#urls = new Map(Object.entries(urls).map(([method, url]) => [method.toUpperCase(), handlerUrl(url)]));
    this.#time = handlerTime;
    this.#limit = handlerRequests;
  }

  get isFull(): boolean {
    return this.#underWay >= this.#limit;
  }

  urlOf(method: string): URL | undefined {
    return this.#urls.get(method) ?? this.#urls.get('*');
  }

  /** Fails when there is no answer, or none that can be understood. */
  async ask(url: URL, request: SipRequest, flow: Flow): Promise<Verdict> {
    if (url.protocol === 'tcp:' || url.protocol === 'tls:')
      return {
        kind: 'route',
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: Number(url.port),
        isTls: url.protocol === 'tls:',
      };
    this.#underWay += 1;
    try {
      return await this.#ask(url, request, flow);
    } finally {
      this.#underWay -= 1;
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #ask(url: URL, request: SipRequest, flow: Flow): Promise<Verdict> {
    const asked = new URL(url);
    for (const [name, value] of queryOf(request, flow)) asked.searchParams.append(name, value);
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#time)]);
    const response = await fetch(asked, { headers: { accept: 'application/json' }, signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return parseVerdict(JSON.parse(await bounded(response)));
  }
}

function handlerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isDirect = url?.protocol === 'tcp:' || url?.protocol === 'tls:';
  if (url === undefined || (isDirect ? url.port === '' : !/^https?:$/.test(url.protocol)))
    throw new TypeError(
      `"${text}" is no request handler: expected something like "https://host/path" or "tcp://host:port"`,
    );
  return url;
}

/** What the service is told, in drachtio's names; a parameter of the Request-URI cannot stand for one of them. */
function queryOf(request: SipRequest, flow: Flow): [string, string][] {
  const userOf = (value: string): string => parseSipUri(parseNameAddress(value)?.uri ?? '')?.user ?? '';
  const uri = parseSipUri(request.uri);
  const known: [string, string][] = [
    ['method', request.method],
    ['domain', uri?.host ?? ''],
    ['protocol', flow.protocol],
    ['source_address', flow.remote.address],
    ['fromUser', userOf(headerOf(request, 'from') ?? '')],
    ['toUser', userOf(headerOf(request, 'to') ?? '')],
    ['uriUser', uri?.user ?? ''],
    ['contentType', headerOf(request, 'content-type') ?? ''],
    ['uri', request.uri],
  ];
  const params =
    parseParams(
      /[^@]*$/
        .exec(request.uri)![0]
        .replace(/^[^;]*/, '')
        .replace(/\?.*$/, ''),
    ) ?? [];
  const added = params.filter(([name]) => paramOf(known, name.toLowerCase()) === undefined);
  return [...known, ...added.map(([name, value]): [string, string] => [name, value ?? ''])];
}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > answerSize) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
