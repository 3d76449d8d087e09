// A rule of who gets in: what is configured, what is sent, and what is answered, over a real socket.
import { expect } from 'vitest';
import type { SipLine } from '../../scripts/demo/sip-text.ts';
import type { SipText, Telephone } from '../../scripts/demo/telephone.ts';
import { ALGORITHMS } from '../../src/technologies/pjsip/objects/index.ts';
import { SipHeaders } from '../../src/technologies/pjsip/stack.ts';
import { startService, type Service } from '../support/service.ts';
import { answerChallenges } from '../support/answer-challenges.ts';

export interface Secret {
  readonly username: string;
  readonly password: string;
}

export interface Rule {
  readonly rule: string;
  /** YAML, in one line, of each type of object. */
  readonly pjsip: string;
  readonly method?: string;
  readonly from?: string;
  readonly uri?: string;
  readonly headers?: readonly SipLine[];
  /** Of a MESSAGE it is "hello" if left out, else there is none. */
  readonly body?: string;
  /** A challenge is answered with it. */
  readonly as?: Secret;
  readonly status: number;
  /** Whose message it is, when it is one. */
  readonly endpoint?: string;
}

/** Sends it, and once more with credentials if there are any and they are asked for. */
export async function ask(telephone: Telephone, rule: Rule): Promise<SipText> {
  const { method = 'MESSAGE', from = 'foo', uri = 'sip:1001@127.0.0.1', headers = [], as } = rule;
  const sender = from.includes(':') ? from : `<sip:${from}@127.0.0.1>;tag=1`;
  const type: SipLine[] = method === 'MESSAGE' ? [['Content-Type', 'text/plain']] : [];
  const body = rule.body ?? (method === 'MESSAGE' ? 'hello' : '');
  const parts = { method, to: '1001', uri, body, authenticates: false };
  const first = await telephone.request({ ...parts, headers: [['From', sender], ...type, ...headers] });
  if (as === undefined || first.status !== 401) return first;
  const challenge = {
    status: 401,
    reason: '',
    headers: new SipHeaders(first.lines),
    body: '',
    source: undefined,
    dialogId: undefined,
  };
  const auth = {
    ...{ id: '', digests: {}, realm: undefined, nonce_lifetime: 32, supported_algorithms_uas: [] },
    ...{ ...as, supported_algorithms_uac: ALGORITHMS },
  };
  const answers = answerChallenges(challenge, { method, uri }, [auth], () => 'cnonce');
  return telephone.request({ ...parts, headers: [['From', sender], ...type, ...headers, ...answers] });
}

export async function play(rule: Rule): Promise<{ readonly answer: SipText; readonly service: Service }> {
  const service = await startService({
    pjsip: rule.pjsip,
    contexts: 'default: { "1001": { app: app } }\n"elsewhere": {}',
  });
  const application = await service.application('app', [], { subscribeAll: true });
  const answer = await ask(await service.telephone('foo'), rule);
  expect(answer.status).toBe(rule.status);
  if (rule.endpoint !== undefined)
    expect(await application.next('TextMessageReceived')).toMatchObject({ endpoint: { resource: rule.endpoint } });
  return { answer, service };
}

export const shown = (rules: readonly Rule[]): [string, number, Rule][] =>
  rules.map((rule) => [rule.rule, rule.status, rule]);

export const open = 'endpoint: { foo: {} }';
export const safe = 'endpoint: { foo: { auth: foo } }\nauth: { foo: { username: foo, password: secret } }';
export const secret = { username: 'foo', password: 'secret' };
export const wrong = { username: 'foo', password: 'wrong' };
export const digest = (username: string, realm = 'asterisk'): SipLine => [
  'Authorization',
  `Digest username="${username}", realm="${realm}", nonce="n", uri="sip:x", response="r"`,
];
