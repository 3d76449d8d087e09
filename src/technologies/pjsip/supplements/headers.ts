// Headers as functions of the channel: PJSIP_HEADER and PJSIP_HEADERS of the INVITE that began the call, PJSIP_RESPONSE_HEADER of what answered it.
import { Fault } from '../../../errors.ts';
import { DatastoreKey } from '../datastores.ts';
import { written } from '../messages-sent.ts';
import { PackedHeaders } from '../packed-headers.ts';
import { SipHeaders, type SipHeader } from '../stack.ts';
import type { Supplement, SupplementedSession } from './supplement.ts';

interface Kept {
  /** Of the far end's INVITE; of ours those that are to be added. */
  invite: Iterable<SipHeader>;
  /** Of the last response to our INVITE that said something. */
  response: Iterable<SipHeader>;
  /** Our INVITE is written: what is added now would not leave. */
  isSent: boolean;
}

const KEPT = new DatastoreKey<Kept>('headers');
const keptOf = ({ datastores }: SupplementedSession): Kept =>
  datastores.get(KEPT) ?? datastores.add(KEPT, { invite: [], response: [], isSent: false });

export const headers: Supplement = {
  name: 'headers',
  methods: ['INVITE'],

  incomingRequest(session, { headers: given }) {
    if (session.channel === undefined && session.direction === 'inbound')
      keptOf(session).invite = new PackedHeaders(given);
  },

  incomingResponse(session, { status, headers: given }) {
    if (session.direction === 'outbound' && status > 100 && status < 300)
      keptOf(session).response = new PackedHeaders(given);
  },

  outgoingRequest(session, draft) {
    if (session.direction !== 'outbound') return;
    const kept = keptOf(session);
    if (!kept.isSent) draft.headers.push(...kept.invite);
    kept.isSent = true;
  },

  read(session, expression) {
    const kept = keptOf(session);
    const [, of, name = '', number = '1'] = ONE.exec(expression) ?? [];
    if (of !== undefined) return nth(of === '' ? kept.invite : kept.response, name, Number(number));
    const [, from, prefix = ''] = ALL.exec(expression) ?? [];
    if (from !== undefined) return namesOf(from === '' ? kept.invite : kept.response, prefix);
    return undefined;
  },

  write(session, expression, value) {
    const [, action, name = '', number = '1'] = CHANGE.exec(expression) ?? [];
    if (action === undefined) return false;
    const kept = keptOf(session);
    if (session.direction === 'inbound' || kept.isSent)
      throw new Fault('conflict', 'Headers can be written only before the INVITE is sent');
    kept.invite = changed[action as Change]([...kept.invite], name, value, Number(number));
    return true;
  },
};

const ONE = /^PJSIP_(RESPONSE_|)HEADER\(\s*read\s*,\s*([^,\s]+)\s*(?:,\s*(\d{1,4})\s*)?\)$/;
const ALL = /^PJSIP_(RESPONSE_|)HEADERS\(\s*([^,\s]*)\s*\)$/;
const CHANGE = /^PJSIP_HEADER\(\s*(add|update|remove)\s*,\s*([^,\s]+)\s*(?:,\s*(\d{1,4})\s*)?\)$/;

const nth = (lines: Iterable<SipHeader>, name: string, number: number): string =>
  new SipHeaders(lines).all(name)[number - 1] ?? '';

/** With commas between them, each once; all of them for "*" or nothing. */
function namesOf(lines: Iterable<SipHeader>, prefix: string): string {
  const wanted = beginning(prefix.endsWith('*') ? prefix : `${prefix}*`);
  const names = new Map([...lines].filter(([name]) => wanted(name)).map(([name]) => [name.toLowerCase(), name]));
  return [...names.values()].join(',');
}

type Change = 'add' | 'update' | 'remove';
type Changed = (lines: readonly SipHeader[], name: string, value: string, number: number) => SipHeader[];

const changed: Readonly<Record<Change, Changed>> = {
  add: (lines, name, value) => [...lines, header(name, value)],
  update(lines, name, value, number) {
    const old = lines.filter(([each]) => each.toLowerCase() === name.toLowerCase())[number - 1];
    if (old === undefined) throw new Fault('invalid', `There is no header ${name} to be updated`);
    return lines.map((each) => (each === old ? header(name, value) : each));
  },
  /** All of the name, or of all names that begin with it if it ends in "*". */
  remove(lines, name) {
    const isMeant = beginning(name);
    return lines.filter(([each]) => !isMeant(each));
  },
};

function beginning(pattern: string): (name: string) => boolean {
  const text = pattern.toLowerCase();
  if (!text.endsWith('*')) return (name) => name.toLowerCase() === text;
  return (name) => name.toLowerCase().startsWith(text.slice(0, -1));
}

/** Fails with a Fault 'invalid' for what is no header, would break one, or is ours or the stack's to write. */
function header(name: string, value: string): SipHeader {
  const [line] = written([[name, value]]);
  if (line === undefined || OURS.has(name.toLowerCase()))
    throw new Fault('invalid', `The header ${name} cannot be written, or not so`);
  return line;
}

/** Of an INVITE, besides those of every request. */
const OURS: ReadonlySet<string> = new Set([
  'content-type',
  'require',
  'supported',
  'session-expires',
  'min-se',
  'rack',
]);
