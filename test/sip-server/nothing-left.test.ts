// Whatever the two sides of a call or subscription do, in whatever order: nothing throws, and in the end nothing stays behind.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokensOf } from './calls.ts';
import { TestClock } from './clock.ts';
import type { Party } from './replay/parties.ts';
import { request, response, stage, valueOf } from './stage.ts';

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
const typed = 'Content-Type: application/sdp';

const method = fc.constantFrom(
  'INVITE',
  'UPDATE',
  'INFO',
  'PRACK',
  'ACK',
  'BYE',
  'CANCEL',
  'SUBSCRIBE',
  'NOTIFY',
  'REFER',
);
const status = fc.constantFrom(
  '180 Ringing',
  '183 Progress',
  '200 OK',
  '202 Accepted',
  '401 Unauthorized',
  '422 Too Small',
  '481 Gone',
  '486 Busy',
  '491 Pending',
  '503 Later',
);
const extra = fc
  .subarray([
    'Require: 100rel',
    'Supported: 100rel, timer',
    'Session-Expires: 90;refresher=uas',
    'Session-Expires: 100;refresher=uac',
    'Min-SE: 100',
    'RSeq: 1',
    'RSeq: 2',
    'Expires: 60',
    'Expires: 0',
    'Subscription-State: terminated',
    'Subscription-State: active;expires=5',
    'Event: presence',
  ])
  // Of two that must be one, one.
  .map((lines) => [...new Map(lines.map((line) => [line.split(':')[0], line])).values()]);
const parts = {
  status,
  extra,
  hasOffer: fc.boolean(),
  jump: fc.integer({ min: -1, max: 2 }),
  ms: fc.constantFrom(1, 600, 40_000, 100_000),
};
/** The telephone or the application asks or answers, or only time passes. */
const act = fc.record({
  who: fc.constantFrom('phone', 'app'),
  how: fc.constantFrom('ask', 'ask', 'ask anew', 'answer', 'answer', 'wait'),
  method,
  ...parts,
});
/** One begins something, and the other does not refuse at once. */
const beginning = fc.constantFrom('phone', 'app').chain((first) =>
  fc.tuple(
    fc.record({
      ...parts,
      who: fc.constant(first),
      how: fc.constant('ask anew'),
      method: fc.constantFrom('INVITE', 'INVITE', 'SUBSCRIBE', 'REFER'),
    }),
    fc.record({
      ...parts,
      who: fc.constant(first === 'phone' ? 'app' : 'phone'),
      how: fc.constant('answer'),
      method,
      status: fc.constantFrom('180 Ringing', '183 Progress', '200 OK', '200 OK'),
    }),
  ),
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

/** Both sides, with what each was asked and has not answered. */
class Chaos {
  readonly #app: Party;
  readonly #phone: Party;
  readonly #clock: TestClock;
  readonly #callId: string;
  #toPhone: string[] = [];
  #toApp: string[] = [];
  #to: string | undefined;
  #dialogId = '';
  #rseq = '1';
  #cseq = 1;

  constructor(app: Party, phone: Party, clock: TestClock, callId: string) {
    this.#app = app;
    this.#phone = phone;
    this.#clock = clock;
    this.#callId = callId;
  }

  async take(each: Act): Promise<void> {
    if (each.how === 'wait') this.#clock.pass(each.ms);
    else if (each.who === 'phone') this.#phoneActs(each);
    else this.#appActs(each);
    await this.#look();
  }

  #phoneActs({ how, method: name, status: line, extra: headers, hasOffer, jump }: Act): void {
    const body = hasOffer ? sdp : '';
    const lines = [...headers, ...(hasOffer ? [typed] : [])];
    if (how === 'answer') {
      const asked = this.#toPhone.at(-1);
      if (asked !== undefined)
        this.#phone.send(
          response(asked, line, [`Contact: <sip:bob@127.0.0.1:${this.#phone.port};transport=tcp>`, ...lines], body),
        );
      return;
    }
    this.#cseq = Math.max(1, this.#cseq + jump);
    const within = how === 'ask' && this.#to !== undefined ? { to: this.#to } : {};
    lines.push(`RAck: ${this.#rseq} 1 INVITE`);
    this.#phone.send(
      request(name, this.#phone.port, {
        protocol: 'TCP',
        callId: this.#callId,
        cseq: this.#cseq,
        headers: lines,
        body,
        ...within,
      }),
    );
  }

  #appActs({ how, method: name, status: line, extra: headers, hasOffer }: Act): void {
    const lines = [...headers, ...(hasOffer ? [typed] : [])].map((each) => `${each}\r\n`).join('');
    const body = hasOffer ? sdp : '';
    if (how === 'answer') {
      const asked = this.#toApp.at(-1);
      if (asked !== undefined)
        this.#app.send(`id|sip|${tokensOf(asked)[8]}|\r\nSIP/2.0 ${line}\r\n${lines}\r\n${body}`);
      return;
    }
    const uri = how === 'ask' ? 'sip:placeholder' : `sip:alice@127.0.0.1:${this.#phone.port};transport=tcp`;
    const dialog = how === 'ask' ? this.#dialogId : '';
    this.#app.send(`id|sip||${dialog}\r\n${name} ${uri} SIP/2.0\r\n${lines}RAck: 1 1 INVITE\r\n\r\n${body}`);
  }

  /** Waits until all that was sent has been read, and takes note of what came of it. */
  async #look(): Promise<void> {
    this.#phone.send('\r\n\r\n');
    this.#phone.send(request('OPTIONS', this.#phone.port, { protocol: 'TCP', callId: 'sync' }));
    for (let text = ''; !text.includes('Call-ID: sync');) {
      text = await this.#phone.inbox.next();
      if (text.includes('Call-ID: sync')) break;
      this.#to = valueOf(text, 'To')?.includes(';tag=') && text.startsWith('SIP/2.0') ? valueOf(text, 'To') : this.#to;
      this.#rseq = valueOf(text, 'RSeq') ?? this.#rseq;
      if (!text.startsWith('SIP/2.0')) this.#toPhone.push(text);
    }
    this.#app.send('id|ping');
    for (let text = ''; !text.includes('|pong');) {
      text = await this.#app.inbox.next();
      if (text.includes(';from-tag=')) this.#dialogId = tokensOf(text)[tokensOf(text)[1] === 'sip' ? 9 : 11] ?? '';
      if (tokensOf(text)[1] === 'sip' && !text.includes('\r\nSIP/2.0')) this.#toApp.push(text);
    }
  }
}

test('calls and subscriptions in which both sides do anything at any time leave nothing behind', async () => {
  const clock = new TestClock();
  const { client, peer, server } = await stage({ clock });
  const phone = await peer('tcp');
  // The connection has its timer.
  await expect.poll(() => server.metrics.gauges.tcpConnections).toBe(1);
  const idle = clock.size;
  let calls = 0;
  const property = fc.asyncProperty(beginning, fc.array(act, { minLength: 5, maxLength: 25 }), async (first, rest) => {
    const app = await client('invite', 'subscribe', 'refer', 'notify', 'info');
    const chaos = new Chaos(app, phone, clock, `call-${(calls += 1)}`);
    for (const each of [...first, ...rest]) await chaos.take(each);
    await app.close();
    await expect.poll(() => server.metrics.gauges.clients).toBe(0);
    // What the application has left is told the telephone, which does not answer.
    for (let minute = 0; minute < 5; minute++) clock.pass(60_000);
    expect(server.metrics.gauges).toMatchObject({
      serverTransactions: 0,
      pendingRequests: 0,
      clientTransactions: 0,
      dialogs: 0,
    });
    expect(clock.size).toBeLessThanOrEqual(idle);
  });
  await fc.assert(property, { numRuns: 25 });
});
