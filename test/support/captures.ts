// Compares what we send with what a real Asterisk sent: ids, times and ports masked, and only listed exceptions.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AriEvent } from '../../scripts/demo/application.ts';

interface CapturedLine {
  readonly ws?: string;
  readonly event?: AriEvent;
  readonly mark?: string;
  readonly name?: string;
  readonly app?: string;
}

/** What a socket received in a recording, from one mark to another (by the beginning of their texts). */
export interface Capture {
  events(socket: string, from?: string, to?: string): AriEvent[];
  readonly sockets: readonly string[];
}

export function readCapture(file: string): Capture {
  const text = readFileSync(join(import.meta.dirname, `../data/captures/${file}.jsonl`), 'utf8');
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CapturedLine);
  const find = (mark: string | undefined, otherwise: number): number => {
    if (mark === undefined) return otherwise;
    const found = lines.findIndex((line) => `${line.mark ?? ''} ${line.name ?? line.app ?? ''}`.includes(mark));
    if (found === -1) throw new Error(`${file} has no mark "${mark}"`);
    return found;
  };
  return {
    sockets: [...new Set(lines.flatMap(({ ws }) => (ws === undefined ? [] : [ws])))],
    events: (socket, from, to) =>
      lines
        .slice(find(from, 0), find(to, lines.length))
        .flatMap(({ ws, event }) => (ws === socket && event ? [event] : [])),
  };
}

/** A committed difference: what is left out of, or rewritten in, one side before the comparison. */
export interface Exception {
  readonly reason: string;
  readonly side: 'captured' | 'ours';
  readonly applies: (event: AriEvent, at: { readonly socket: string; readonly before: readonly AriEvent[] }) => boolean;
  /** The event, as it is rewritten, stands behind the next one of this type instead. */
  readonly behind?: string;
  /** Left out, or with nothing as its result, the event is dropped. */
  readonly rewrite?: (event: AriEvent) => AriEvent | undefined;
}

/** Applies the exceptions, remembers which were needed, and masks what differs in every run. */
export class Comparison {
  readonly #exceptions: readonly Exception[];
  readonly #needed = new Set<Exception>();

  constructor(exceptions: readonly Exception[]) {
    this.#exceptions = exceptions;
  }

  prepare(side: Exception['side'], socket: string, events: readonly AriEvent[]): unknown[] {
    const kept: AriEvent[] = [];
    let later: { readonly event: AriEvent; readonly behind: string } | undefined;
    for (const event of events) {
      let now: AriEvent | undefined = event;
      for (const exception of this.#exceptions) {
        if (now === undefined || exception.side !== side || !exception.applies(now, { socket, before: kept })) continue;
        this.#needed.add(exception);
        now = exception.rewrite?.(now);
        if (exception.behind === undefined || now === undefined) continue;
        later = { event: now, behind: exception.behind };
        now = undefined;
      }
      if (now !== undefined) kept.push(now);
      if (later !== undefined && later.behind === event.type) {
        kept.push(later.event);
        later = undefined;
      }
    }
    const masks = new Map<string, string>();
    return kept.map((event) => mask(event, masks));
  }

  /** An exception that matches nothing is not an exception. */
  get unneeded(): string[] {
    return this.#exceptions.filter((each) => !this.#needed.has(each)).map(({ reason }) => reason);
  }
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$/;

/** Ids get numbers in the order in which they appear, so that the same id must stay the same. */
function mask(value: unknown, masks: Map<string, string>, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => mask(each, masks, key));
  if (typeof value === 'object' && value !== null) {
    // The one variable whose value is the name of a call.
    const { variable, value: call } = value as { readonly variable?: unknown; readonly value?: unknown };
    if (variable === 'BRIDGEPVTCALLID' && key !== 'named')
      return { ...(mask(value, masks, 'named') as object), value: mask(call, masks, 'protocol_id') };
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mask(each, masks, name)]));
  }
  if (typeof value !== 'string') return value;
  const numbered = (kind: string, text: string): string => {
    const known =
      masks.get(text) ?? `<${kind}-${[...masks.values()].filter((each) => each.startsWith(`<${kind}-`)).length + 1}>`;
    masks.set(text, known);
    return known;
  };
  if (TIME.test(value)) return '<time>';
  if (key === 'asterisk_id') return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(value) ? '<entity>' : value;
  if ((key === 'protocol_id' || key === 'Call-ID') && value !== '') return numbered('call', value);
  if (key === 'roundtrip_usec' && value !== '0') return '<roundtrip>';
  // The order of a Via's parameters says nothing (RFC 3261 20.42).
  const [sentBy, ...parameters] = key === 'Via' ? value.split(';') : [value];
  return [sentBy!, ...parameters.sort()]
    .join(';')
    .replace(/\b\d{10}\.\d+\b/g, (id) => numbered('channel', id))
    .replace(/(PJSIP\/\w+)-[0-9a-f]{8}\b/g, (name, endpoint: string) => `${endpoint}-${numbered('name', name)}`)
    .replace(/branch=[^;,\s]+/g, 'branch=<branch>')
    .replace(/tag=[^;,\s]+/g, 'tag=<tag>')
    .replace(/rport=\d+/g, 'rport=<port>')
    .replace(/(127\.0\.0\.1):\d+/g, '$1:<port>');
}

/** The SIP requests that a recording's driver sent, as they went over the wire, with the status of the first answer. */
export function readSteps(
  file: string,
): { readonly name: string; readonly request: string; readonly status: number }[] {
  const text = readFileSync(join(import.meta.dirname, `../data/captures/${file}.jsonl`), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) =>
        JSON.parse(line) as CapturedLine & { readonly request?: unknown; readonly responses?: readonly string[] },
    )
    .flatMap(({ mark, name, request, responses = [] }) =>
      mark === 'sip' && name !== undefined && typeof request === 'string'
        ? [{ name, request, status: Number(responses[0]?.split(' ')[1]) }]
        : [],
    );
}
