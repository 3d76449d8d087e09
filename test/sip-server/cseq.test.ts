// The numbers of a dialog's requests (RFC 3261 12.2), over random interleavings.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokensOf } from './calls.ts';
import type { Party } from './replay/parties.ts';
import { final, past, request, response, stage, valueOf } from './stage.ts';

const statusOf = (message: string) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1];

type Step =
  /** A request of the telephone, so much above or below the highest it has sent. */
  | { readonly kind: 'theirs'; readonly method: 'INFO' | 'MESSAGE' | 'UPDATE'; readonly by: number }
  | { readonly kind: 'ours'; readonly method: 'INFO' | 'MESSAGE' | 'UPDATE' }
  /** Our INVITE: it is sent, it rings, and it is cancelled, refused or accepted. */
  | { readonly kind: 'invite' | 'cancel' | 'refuse' | 'accept' };

const method = fc.constantFrom('INFO' as const, 'MESSAGE' as const, 'UPDATE' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('theirs' as const), method, by: fc.integer({ min: -2, max: 4 }) }),
  fc.record({ kind: fc.constant('ours' as const), method }),
  fc.record({ kind: fc.constantFrom('invite' as const, 'cancel' as const, 'refuse' as const, 'accept' as const) }),
);

/** A call that the telephone has begun with that CSeq, and the rules that each step must keep. */
class Call {
  readonly #app: Party;
  readonly #phone: Party;
  readonly #callId: string;
  #to = '';
  #dialogId = '';
  #theirs: number;
  #ours = 0;
  #invite: { readonly message: string; readonly transaction: string } | undefined;

  constructor(app: Party, phone: Party, callId: string, first: number) {
    this.#app = app;
    this.#phone = phone;
    this.#callId = callId;
    this.#theirs = first;
  }

  async begin(): Promise<void> {
    this.#send('INVITE', this.#theirs);
    this.#respond(await this.#app.inbox.next(), '200 OK');
    this.#dialogId = tokensOf(await this.#app.inbox.next())[11]!;
    this.#to = valueOf(await final(this.#phone), 'To')!;
    this.#send('ACK', this.#theirs);
    await this.#app.inbox.next();
    this.#ours = this.#theirs;
  }

  async take(each: Step): Promise<void> {
    switch (each.kind) {
      case 'theirs':
        return this.#hear(each.method, Math.max(1, this.#theirs + each.by));
      case 'ours':
        return this.#say(each.method);
      case 'invite':
        return this.#invite === undefined ? this.#ring() : undefined;
      case 'cancel':
      case 'refuse':
      case 'accept':
        if (this.#invite !== undefined) await this.#decide(each.kind, this.#invite);
    }
  }

  async end(): Promise<void> {
    await this.#hear('BYE', this.#theirs + 1);
  }

  /** Only a number above all before it reaches the application; the others are refused, and change nothing. */
  async #hear(name: string, number: number): Promise<void> {
    this.#send(name, number);
    if (number <= this.#theirs) {
      expect(statusOf(await final(this.#phone))).toBe('500');
      expect(this.#app.inbox.waiting).toEqual([]);
      return;
    }
    this.#theirs = number;
    const told = await this.#app.inbox.next();
    expect(valueOf(told, 'CSeq')).toBe(`${number} ${name}`);
    this.#respond(told, '200 OK');
    await this.#app.inbox.next();
    let answer = await final(this.#phone);
    // A BYE ends our INVITE too, by itself.
    while (!answer.startsWith('SIP/2.0 200 ')) answer = await final(this.#phone);
  }

  async #say(name: string): Promise<void> {
    const sent = await this.#command(name);
    this.#phone.send(response(sent.message, '200 OK'));
    await this.#app.inbox.next();
  }

  async #ring(): Promise<void> {
    this.#invite = await this.#command('INVITE');
    this.#phone.send(response(this.#invite.message, '180 Ringing'));
    await this.#app.inbox.next();
  }

  async #decide(how: 'cancel' | 'refuse' | 'accept', invite: { message: string; transaction: string }): Promise<void> {
    this.#invite = undefined;
    const number = valueOf(invite.message, 'CSeq')!.split(' ')[0];
    if (how === 'cancel') {
      this.#app.send(`id|sip|${invite.transaction}|\r\nCANCEL sip:x SIP/2.0\r\n\r\n`);
      await this.#app.inbox.next();
      const cancel = await this.#phone.inbox.next();
      expect(valueOf(cancel, 'CSeq')).toBe(`${number} CANCEL`);
      this.#phone.send(response(cancel, '200 OK'));
    }
    this.#phone.send(response(invite.message, how === 'accept' ? '200 OK' : '487 Request Terminated'));
    await this.#app.inbox.next();
    if (how === 'accept') {
      this.#app.send(`id|sip||${this.#dialogId}\r\nACK sip:x SIP/2.0\r\n\r\n`);
      await this.#app.inbox.next();
    }
    expect(valueOf(await this.#phone.inbox.next(), 'CSeq')).toBe(`${number} ACK`);
  }

  /** Each of ours is one above the last. */
  async #command(name: string): Promise<{ message: string; transaction: string }> {
    this.#app.send(`id|sip||${this.#dialogId}\r\n${name} sip:placeholder SIP/2.0\r\n\r\n`);
    const reply = tokensOf(await this.#app.inbox.next());
    expect(reply[3]).toBe('OK');
    const message = await past(this.#phone, '100');
    this.#ours += 1;
    expect(valueOf(message, 'CSeq')).toBe(`${this.#ours} ${name}`);
    return { message, transaction: reply[10]! };
  }

  #send(name: string, cseq: number): void {
    const to = this.#to === '' ? {} : { to: this.#to };
    this.#phone.send(request(name, this.#phone.port, { protocol: 'TCP', callId: this.#callId, cseq, ...to }));
  }

  #respond(told: string, statusLine: string): void {
    this.#app.send(`id|sip|${tokensOf(told)[8]}|\r\nSIP/2.0 ${statusLine}\r\n\r\n`);
  }
}

test('theirs must rise, ours rise by one, and ACK and CANCEL have the number of their INVITE', async () => {
  const { client, peer, server } = await stage();
  const [app, phone] = [await client('invite'), await peer('tcp')];
  let calls = 0;
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 2 ** 31 - 1_000 }),
    fc.array(step, { minLength: 5, maxLength: 40 }),
    async (first, steps) => {
      const call = new Call(app, phone, `call-${(calls += 1)}`, first);
      await call.begin();
      for (const each of steps) await call.take(each);
      await call.end();
    },
  );
  await fc.assert(property, { numRuns: 15 });
  expect([calls >= 15, server.metrics.gauges.dialogs]).toEqual([true, 0]);
});
