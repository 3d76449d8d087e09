// What an answered request leaves in memory for the 32 s of its transaction.
import { expect, test } from 'vitest';
import { IncomingRequests } from '../../src/sip-server/core/incoming.ts';
import type { SipRequest } from '../../src/sip-server/message.ts';
import { createMetrics } from '../../src/sip-server/metrics.ts';
import { settingsOf } from '../../src/sip-server/options.ts';
import { parseMessage } from '../../src/sip-server/parser.ts';
import { Reporter } from '../../src/sip-server/reporter.ts';
import { Shield } from '../../src/sip-server/shield/shield.ts';
import { Timers } from '../../src/sip-server/timers.ts';
import type { Flow } from '../../src/sip-server/transport/flow.ts';
import type { Transports } from '../../src/sip-server/transport/transports.ts';
import { collectGarbage } from '../support/garbage.ts';
import { TestClock } from './clock.ts';
import { request } from './stage.ts';

function table(): IncomingRequests {
  const settings = settingsOf({ listen: [], secret: '', clock: new TestClock() });
  const { limits, log } = settings;
  const timers = new Timers(settings.clock);
  const metrics = createMetrics(limits);
  const shield = new Shield({ limits, timers, metrics, reporter: new Reporter(metrics, timers, log) });
  // Nothing here opens a connection.
  return new IncomingRequests({ settings, timers, metrics, shield, transports: {} as Transports });
}

const flowOf = (protocol: Flow['protocol']): Flow => ({
  protocol,
  local: { address: '127.0.0.1', port: 5060 },
  remote: { address: '127.0.0.1', port: 40_000 },
  isOpen: true,
  send: () => undefined,
  onClose: () => () => undefined,
});

test.each([
  ['MESSAGE', 'udp', 202],
  ['INVITE', 'udp', 486],
  ['INVITE', 'tcp', 200],
] as const)(
  'a %s over %s that is answered %i is not kept, though it may be answered again',
  async (method, protocol, status) => {
    const requests = table();
    const answer = (): WeakRef<SipRequest> => {
      const parsed = parseMessage(Buffer.from(request(method, 40_000)), { maxHeaders: 100, maxSize: 65_535 });
      if (parsed.kind !== 'message' || parsed.message.kind !== 'request') throw new Error('it cannot be read');
      const flow = flowOf(protocol);
      const incoming = requests.add(parsed.message, flow, 500, undefined);
      incoming.machine.respond(status, Buffer.from('SIP/2.0 ...'));
      requests.answered(incoming, status < 300);
      expect(requests.machineOf(parsed.message) ?? requests.repeats(parsed.message, flow)).toBeTruthy();
      return new WeakRef(parsed.message);
    };
    const weak = answer();
    await collectGarbage();
    expect(weak.deref()).toBeUndefined();
  },
);
