// The contract of a SipStack: a MESSAGE that is sent again, to several places, or that is large.
import { expect, onTestFinished, test } from 'vitest';
import { Telephone } from '../../../scripts/demo/telephone.ts';
import { again } from '../../../src/technologies/pjsip/outbound.ts';
import type { ClientTransaction, OutgoingRequest, SipHeader, SipStack } from '../../../src/technologies/pjsip/stack.ts';
import { fromServiceTo } from '../../support/sip-peer.ts';
import type { MakeSipStack, SipStackTraits } from '../sip-stack.contract.ts';
import { begin } from './story.ts';

const plain: SipHeader = ['Content-Type', 'text/plain'];
const identity: readonly SipHeader[] = [
  ['Call-ID', 'mine@service'],
  ['CSeq', '7 MESSAGE'],
];

const messageTo = (phone: Telephone, identified: readonly SipHeader[] = []): OutgoingRequest => ({
  method: 'MESSAGE',
  uri: phone.contact,
  headers: [...fromServiceTo(phone), plain, ...identified],
  body: `for ${phone.user}`,
});

async function secondPhone({ addresses: [listening] }: SipStack): Promise<Telephone> {
  const { address: host, port } = listening!;
  const phone = await Telephone.open({ user: 'bar', server: { host, port }, transport: 'udp' });
  onTestFinished(() => phone.close());
  return phone;
}

const statusOf = async ({ final }: ClientTransaction): Promise<number> => (await final).status;

export function messages(make: MakeSipStack, { sparesUdp }: SipStackTraits): void {
  test('a Call-ID and a CSeq of ours are kept, also when the MESSAGE is sent again', async () => {
    const { phone, stack } = await begin(make);
    const branches = new Set<string | undefined>();
    for (const status of [480, 200]) {
      phone.answer('MESSAGE', () => ({ status }));
      const transaction = stack.send(messageTo(phone, identity));
      const received = await phone.nextMessage();
      expect([received.header('Call-ID'), received.header('CSeq')]).toEqual(['mine@service', '7 MESSAGE']);
      expect((await transaction.sent).headers.get('CSeq')).toBe('7 MESSAGE');
      expect(await statusOf(transaction)).toBe(status);
      branches.add(received.parameter('Via', 'branch'));
    }
    expect(branches.size).toBe(2);
  });

  test('two of the same Call-ID and CSeq that are under way at once are not confused', async () => {
    const { phone, stack } = await begin(make);
    const other = await secondPhone(stack);
    for (const each of [phone, other]) each.answer('MESSAGE', () => undefined);
    const [one, two] = [stack.send(messageTo(phone, identity)), stack.send(messageTo(other, identity))];
    const [first, second] = [await phone.nextMessage(), await other.nextMessage()];
    expect([first.body, second.body]).toEqual(['for foo', 'for bar']);
    other.respond(second, { status: 404 });
    expect(await statusOf(two)).toBe(404);
    phone.respond(first, { status: 202 });
    expect(await statusOf(one)).toBe(202);
  });

  test('a challenge to such a one is answered with the next number, and the other one keeps its own', async () => {
    const { phone, stack } = await begin(make);
    const other = await secondPhone(stack);
    const challenge = { status: 401, headers: [['WWW-Authenticate', 'Digest realm="r", nonce="n"']] } as const;
    phone.answer('MESSAGE', (request) => (request.sequence === 7 ? challenge : { status: 200 }));
    other.answer('MESSAGE', () => ({ status: 200 }));
    const request = messageTo(phone, identity);
    const [one, two] = [stack.send(request), stack.send(messageTo(other, identity))];
    expect([await statusOf(one), await statusOf(two)]).toEqual([401, 200]);
    const answers: SipHeader[] = [['Authorization', 'Digest username="service"']];
    expect(await statusOf(stack.send({ ...request, headers: again(request, await one.sent, answers) }))).toBe(200);
    const [, received] = [await phone.nextMessage(), await phone.nextMessage()];
    expect([received.header('Call-ID'), received.header('CSeq')]).toEqual(['mine@service', '8 MESSAGE']);
  });

  if (!sparesUdp) return;
  test('one that may go by UDP only, and is too large for it, fails at once by a 513 of the stack itself', async () => {
    const { phone, stack } = await begin(make);
    const { host, port } = phone.address;
    const uri = `sip:foo@${host}:${port};transport=udp`;
    const { final } = stack.send({ ...messageTo(phone), uri, body: 'x'.repeat(1_300) });
    expect(await final).toMatchObject({ status: 513, reason: 'Message Too Large', source: undefined });
    expect(phone.log).toEqual([]);
  });

  test('where the choice is ours and nobody takes a connection, it is the same', async () => {
    const { phone, stack } = await begin(make);
    const { final } = stack.send({ ...messageTo(phone), body: 'x'.repeat(1_300) });
    expect(await final).toMatchObject({ status: 513, source: undefined });
    expect(phone.log).toEqual([]);
  });
}
