// A client that stops reading is closed, and nobody waits for it.
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startService } from '../support/service.ts';

const EVENTS = 4_000;
/** So large that what the kernel keeps for a socket, and our own limit, are soon full. */
const BODY = 'x'.repeat(16_000);

test('one application stops reading: it is closed with 1013, and another one receives everything meanwhile', async () => {
  const service = await startService();
  const stalled = await service.application('stalled', ['endpoint:PJSIP']);
  const healthy = await service.application('healthy', ['endpoint:PJSIP']);
  const endpoint = service.app.core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
  stalled.socket.pause();

  const begun = performance.now();
  for (let number = 0; number < EVENTS; number++) {
    endpoint.textReceived({ from: 'a', to: 'b', body: BODY, variables: { number: `${number}` } });
    if (number % 20 === 19)
      await healthy.next(
        'TextMessageReceived',
        ({ message }) => (message as { variables: { number: string } }).variables.number === `${number}`,
      );
  }
  const seconds = (performance.now() - begun) / 1_000;
  const received = (await healthy.take()).filter(({ type }) => type === 'TextMessageReceived').length;
  expect(received).toBe(EVENTS);

  const closed = once(stalled.socket, 'close') as Promise<[number]>;
  stalled.socket.resume();
  expect((await closed)[0]).toBe(1013);
  const metrics = await (await fetch(`${service.base.replace('/ari', '')}/metrics`)).text();
  expect(metrics).toContain('arion_websockets_closed_as_slow_total 1');
  console.log(
    `${received} events of ${BODY.length} bytes in ${seconds.toFixed(1)} s beside a client that does not read`,
  );
});
