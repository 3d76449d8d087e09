// What is remembered of places that take no connection, and how long one waits for them (RFC 3261 18.1.1).
import { expect, test } from 'vitest';
import { BySize } from '../../../src/sip-server/core/by-size.ts';
import { launch } from '../../../src/sip-server/core/launch.ts';
import { OutgoingRequests } from '../../../src/sip-server/core/outgoing.ts';
import type { Stack } from '../../../src/sip-server/core/stack.ts';
import { ourHeader, type SipRequest } from '../../../src/sip-server/message.ts';
import { createMetrics } from '../../../src/sip-server/metrics.ts';
import { settingsOf } from '../../../src/sip-server/options.ts';
import { Timers } from '../../../src/sip-server/timers.ts';
import type { Flow, Place, Protocol } from '../../../src/sip-server/transport/flow.ts';
import { TestClock } from '../clock.ts';

/** A server whose connections are never taken. */
function scene() {
  const clock = new TestClock();
  const settings = settingsOf({ listen: [], secret: '', clock });
  const timers = new Timers(clock);
  const metrics = createMetrics(settings.limits);
  const sent: string[] = [];
  const flowTo = (protocol: Protocol, remote: Place): Flow => ({
    protocol,
    remote,
    local: { address: '127.0.0.1', port: 5060 },
    isOpen: true,
    isConnecting: protocol === 'tcp',
    send: (octets) => void sent.push(/^Via: SIP\/2\.0\/(\w+)/m.exec(octets.toString())![1]!),
    onClose: () => () => undefined,
  });
  const transports = { flowTo } as unknown as Stack['transports'];
  const bySize = new BySize(settings, timers, transports);
  const outgoing = new OutgoingRequests(timers, metrics);
  const stack = { settings, timers, metrics, transports, bySize, outgoing } as unknown as Stack;
  const place = { address: '192.0.2.1', port: 5060 };
  const way = { flow: flowTo('udp', place), others: [], isNamed: false };
  const send = (size: number): void => {
    const headers = [
      ourHeader('Via', 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1'),
      ourHeader('CSeq', '1 MESSAGE'),
      ourHeader('To', '<sip:b@x>'),
    ];
    const request: SipRequest = { kind: 'request', method: 'MESSAGE', uri: 'sip:x', headers, body: Buffer.alloc(size) };
    launch(stack, { request, way, owner: undefined, dialog: undefined, dialogId: '' });
  };
  return { clock, settings, bySize, sent, place, way, send };
}

test('who has not taken the connection after two seconds gets a datagram, and for ten minutes at once', () => {
  const { clock, sent, send } = scene();
  send(1_300);
  clock.pass(1_999);
  expect(sent).toEqual(['TCP']);
  clock.pass(1);
  expect(sent).toEqual(['TCP', 'UDP']);
  sent.length = 0;
  send(1_300);
  clock.pass(60_000);
  expect(new Set(sent)).toEqual(new Set(['UDP']));
  sent.length = 0;
  clock.pass(540_000);
  send(1_300);
  expect(sent).toEqual(['TCP']);
});

test('what fits goes by datagram', () => {
  const { sent, send } = scene();
  send(100);
  expect(sent).toEqual(['UDP']);
});

test('a MESSAGE has no way over UDP, neither first nor later', () => {
  const { bySize, place, way } = scene();
  const udp = { protocol: 'udp', ...place, serverName: undefined } as const;
  const tls = { protocol: 'tls', ...place, serverName: 'x' } as const;
  expect(bySize.withoutUdp(way, 1_300)).toBe(way);
  expect(bySize.withoutUdp({ ...way, isNamed: true }, 1_301)).toBeUndefined();
  expect(bySize.withoutUdp({ ...way, isNamed: true, others: [udp, tls] }, 1_301)?.flow.protocol).toBe('tls');
  bySize.failed(place);
  const instead = bySize.withoutUdp({ ...way, others: [udp, tls] }, 1_301);
  expect([instead?.flow.protocol, instead?.others, instead?.lacksUdp]).toEqual(['tcp', [tls], true]);
  const byTcp = { ...way, flow: instead!.flow };
  expect(bySize.withoutUdp({ ...byTcp, others: [tls] }, 1_301)?.lacksUdp).toBe(false);
  expect(bySize.withoutUdp({ ...byTcp, others: [udp] }, 1_301)).toMatchObject({ others: [], lacksUdp: true });
});

test('of very many such places the oldest are forgotten', () => {
  const { bySize, place, way } = scene();
  bySize.failed(place);
  expect(bySize.instead(way, 1_301)).toBeUndefined();
  for (let port = 1; port <= 10_000; port++) bySize.failed({ address: '192.0.2.2', port });
  expect(bySize.instead(way, 1_301)?.flow.protocol).toBe('tcp');
});
