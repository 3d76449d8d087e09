// The contract of a SipStack: connections, over which a telephone behind a NAT is reached.
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SipAddress } from '../../../src/technologies/pjsip/stack.ts';
import { Mailbox } from '../../../scripts/demo/waiting.ts';
import { fromServiceTo } from '../../support/sip-peer.ts';
import type { MakeSipStack, SipStackTraits } from '../sip-stack.contract.ts';
import { begin } from './story.ts';

export function flows(make: MakeSipStack, { tellsOfFlows }: Pick<SipStackTraits, 'tellsOfFlows'>): void {
  test('a request whose next hop is the other end of an open connection goes over that connection', async () => {
    const { phone, stack, next } = await begin(make, { transport: 'tcp' });
    void phone.message({ to: 'bar', body: 'open' });
    const { source, respond } = await next();
    await respond(202);
    phone.answer('MESSAGE', () => ({ status: 200 }));
    const { final } = stack.send({
      method: 'MESSAGE',
      // Where it says it is, nobody listens.
      uri: 'sip:foo@192.0.2.1',
      nextHop: `sip:${source.address}:${source.port};transport=tcp`,
      headers: [...fromServiceTo(phone), ['Content-Type', 'text/plain']],
      body: 'back',
    });
    expect(await final).toMatchObject({ status: 200, source });
  });

  // Optional: a real drachtio-server does not tell of its connections, and drachtio's protocol has no word for them.
  describe.skipIf(!tellsOfFlows)('the capability onFlowClosed', () => {
    test('a connection is open until it ends, and its end is told once', async () => {
      const { phone, stack, next } = await begin(make, { transport: 'tcp' });
      const told = new Mailbox<SipAddress>();
      const count: SipAddress[] = [];
      onTestFinished(
        stack.flows!.onFlowClosed((flow) => {
          count.push(flow);
          told.put(flow);
        }),
      );
      void phone.message({ to: 'bar', body: 'open' }).catch(() => undefined);
      const { source } = await next();
      expect(stack.flows!.isOpen(source)).toBe(true);
      await phone.close();
      expect(await told.next(5_000, 'end of the connection')).toEqual(source);
      expect(stack.flows!.isOpen(source)).toBe(false);
      expect(count).toHaveLength(1);
    });

    test('who no longer wants to hear of it is not told', async () => {
      const { phone, stack } = await begin(make, { transport: 'tcp' });
      const [unwanted, told] = [[] as SipAddress[], new Mailbox<SipAddress>()];
      stack.flows!.onFlowClosed((flow) => void unwanted.push(flow))();
      onTestFinished(stack.flows!.onFlowClosed((flow) => told.put(flow)));
      await phone.close();
      await told.next(5_000, 'end of the connection');
      expect(unwanted).toEqual([]);
    });
  });
}
