// A thousand calls at once in one application: what each costs in memory, how fast they begin and end, and that none fails.
import { expect, test } from 'vitest';
import { connectApp } from '../../scripts/demo/application.ts';
import type { Call } from '../../scripts/demo/telephone.ts';
import { startMeasured } from '../support/measured.ts';

const CALLS = 1_000;
/** How many may be on their way at once: a burst of all would only measure the retransmissions of UDP. */
const AT_ONCE = 50;
const KB = 1024;

test(`${CALLS} calls at once in one application`, { timeout: 180_000 }, async () => {
  const service = await startMeasured(['udp://127.0.0.1:0'], [], 'pjsip: { endpoint: { foo: { context: default } } }');
  const app = await connectApp(`${service.url}/ari`, 'hello');
  const failures: string[] = [];
  app.socket.on('message', (data: Buffer) => {
    const { type, channel } = JSON.parse(data.toString()) as { type: string; channel: { id: string } };
    if (type !== 'StasisStart') return;
    void service.rest('POST', `/channels/${channel.id}/answer`).then(({ status }) => {
      if (status !== 204) failures.push(`answered ${status}`);
    });
  });
  const telephone = await service.telephone('foo', 'udp');
  const before = await service.memory();

  const calls: Call[] = [];
  const setUp = await timed(CALLS, async () => {
    const call = telephone.call({ to: '1001' });
    const { status } = await call.answered;
    if (status === 200) calls.push(call);
    else failures.push(`INVITE ${status}`);
  });
  const all = (await service.rest('GET', '/channels')).body as readonly { readonly state: string }[];
  expect(all.filter(({ state }) => state === 'Up')).toHaveLength(CALLS);
  const perCall = ((await service.memory()) - before) / CALLS;
  const tornDown = await timed(CALLS, async () => {
    const { status } = await calls.pop()!.hangup();
    if (status !== 200) failures.push(`BYE ${status}`);
  });
  await expect
    .poll(async () => ((await service.rest('GET', '/channels')).body as object[]).length, { timeout: 10_000 })
    .toBe(0);

  console.log(
    `${CALLS} calls at once: ${(perCall / KB).toFixed(1)} KB each; ${setUp.toFixed(0)} calls/s set up, ${tornDown.toFixed(0)} calls/s torn down, ${failures.length} failed`,
  );
  expect(failures).toEqual([]);
  expect(perCall).toBeLessThan(60 * KB);
  app.socket.terminate();
});

/** How many a second, with so many at once. */
async function timed(count: number, act: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await act();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return (count * 1_000) / (performance.now() - begun);
}
