// Errors of stanzas (RFC 6120 8.3): how ours are said, and what those of others mean for a message.
import type { FaultKind } from '../../errors.ts';
import { childOf, childrenOf, element, stanza, textOf, type XmlElement } from './xml.ts';

export interface StanzaError {
  /** "wait" says that it may go well later. */
  readonly type: 'auth' | 'cancel' | 'continue' | 'modify' | 'wait';
  readonly condition: string;
  readonly text?: string;
}

const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas';

/** As which error a Fault is told. */
export const errorOf: Readonly<Record<FaultKind, Pick<StanzaError, 'type' | 'condition'>>> = {
  invalid: { type: 'modify', condition: 'bad-request' },
  unauthorized: { type: 'auth', condition: 'not-authorized' },
  forbidden: { type: 'auth', condition: 'forbidden' },
  'not-found': { type: 'cancel', condition: 'item-not-found' },
  conflict: { type: 'cancel', condition: 'conflict' },
  precondition: { type: 'wait', condition: 'unexpected-request' },
  unprocessable: { type: 'cancel', condition: 'item-not-found' },
  'too-large': { type: 'modify', condition: 'policy-violation' },
  'unsupported-media': { type: 'modify', condition: 'not-acceptable' },
  unsupported: { type: 'cancel', condition: 'feature-not-implemented' },
  unavailable: { type: 'wait', condition: 'resource-constraint' },
};

/** A stanza of the same name back to who sent the other. */
export const replyTo = (
  { name, attrs: { id, from, to } }: XmlElement,
  attrs: Readonly<Record<string, string>>,
  children: readonly XmlElement[] = [],
): XmlElement => stanza(name, { ...attrs, id, to: from, from: to }, children);

export const withError = (to: XmlElement, { type, condition, text }: StanzaError): XmlElement =>
  replyTo(to, { type: 'error' }, [
    stanza('error', { type }, [
      element(STANZAS, condition),
      text === undefined ? undefined : element(STANZAS, 'text', {}, [text]),
    ]),
  ]);

/** That of a stanza of the type "error"; what is missing is made up. */
export function readError(failed: XmlElement): StanzaError {
  const error = childOf(failed, 'error');
  const said = error === undefined ? [] : childrenOf(error).filter(({ ns }) => ns === STANZAS);
  const condition = said.find(({ name }) => name !== 'text')?.name ?? 'undefined-condition';
  const text = said.find(({ name }) => name === 'text');
  const type = TYPES.find((each) => each === error?.attrs['type']) ?? 'cancel';
  return { type, condition, ...(text !== undefined && { text: textOf(text).slice(0, LONGEST) }) };
}

const TYPES: readonly StanzaError['type'][] = ['auth', 'cancel', 'continue', 'modify', 'wait'];
/** Of a text that is kept, in characters. */
const LONGEST = 500;

/** Those that say "not now", whatever their type. */
const LATER: ReadonlySet<string> = new Set([
  ...['recipient-unavailable', 'remote-server-timeout', 'resource-constraint', 'internal-server-error'],
]);

export const isTemporary = ({ type, condition }: StanzaError): boolean => type === 'wait' || LATER.has(condition);

export const inWords = ({ condition, text }: StanzaError): string =>
  text === undefined || text === '' ? condition : `${condition}: ${text}`;
