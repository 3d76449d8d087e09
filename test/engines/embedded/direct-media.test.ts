// Direct media: the contract, and who is asked for what.
import { describe, expect, test } from 'vitest';
import type { MediaBridge } from '../../../src/core/media.ts';
import { directMedia } from '../../../src/engines/embedded/direct-media.ts';
import { Fault } from '../../../src/errors.ts';
import { mediaContract } from '../../contracts/media.contract.ts';
import { FakeLeg, type Turn } from '../../support/fake-leg.ts';

mediaContract('direct media', directMedia);

const saying = (name: string, ...turns: Turn[]): FakeLeg => new FakeLeg(name, { next: () => turns.shift() ?? 'take' });

async function pair(one = new FakeLeg('one'), other = new FakeLeg('other')) {
  const bridge = directMedia().mix();
  await bridge.add(one);
  await bridge.add(other);
  return { bridge, one, other };
}

describe('two legs', () => {
  test('the one that waits offers, the other answers', async () => {
    const { bridge, one, other } = await pair();
    expect(one.asked).toEqual(['request offer', 'answer other 1']);
    expect(other.asked).toEqual(['offer one 1']);
    expect(bridge.technology).toBe('native_rtp');
  });

  test('when the first will not offer, the second does', async () => {
    const { one, other } = await pair(saying('one', 'refuse'));
    expect(one.asked).toEqual(['request offer', 'offer other 1']);
    expect(other.asked).toEqual(['request offer', 'answer one 1']);
  });

  test.each([
    ['neither offers', [saying('one', 'refuse'), saying('other', 'refuse')]],
    ['they have nothing in common', [saying('one'), saying('other', 'refuse')]],
  ] as const)('when %s, the second is not in, and both are on hold', async (_, [one, other]) => {
    const bridge = directMedia().mix();
    await bridge.add(one);
    await expect(bridge.add(other)).rejects.toMatchObject({ kind: 'unprocessable', code: 'refused' });
    expect([one.remote, other.remote, bridge.technology]).toEqual([undefined, undefined, 'simple_bridge']);
    await bridge.add(new FakeLeg('third'));
    expect(one.remote).toBe('third 1');
  });

  test('one that ends in the middle leaves the other on hold', async () => {
    const bridge: MediaBridge = directMedia().mix();
    const one = new FakeLeg('one');
    const other = new FakeLeg('other', { next: () => 'end' });
    await bridge.add(one);
    await expect(bridge.add(other)).rejects.toMatchObject({ kind: 'conflict' });
    expect(one.asked).toEqual(['request offer', 'answer nothing']);
    expect(one.remote).toBeUndefined();
  });

  test('when the answer does not reach the one who offered, the other is not left with a dead stream', async () => {
    const bridge = directMedia().mix();
    const [one, other] = [new FakeLeg('one'), new FakeLeg('other')];
    const unsent = new Fault('unavailable', 'it cannot be sent');
    one.requestOffer = async () => ({ description: 'one 1', answer: () => Promise.reject(unsent) });
    await bridge.add(one);
    await expect(bridge.add(other)).rejects.toBe(unsent);
    expect([other.asked, other.remote]).toEqual([['offer one 1', 'hold'], undefined]);
  });

  test('the second is in, on hold, when the first leaves before they are led to each other', async () => {
    const bridge = directMedia().mix();
    const [one, other] = [new FakeLeg('one'), new FakeLeg('other')];
    await bridge.add(one);
    await Promise.all([bridge.add(other), bridge.remove(one, false)]);
    expect([one.remote, other.remote, bridge.technology]).toEqual([undefined, undefined, 'simple_bridge']);
  });

  test('two that were led to each other while dialling are left as they are, until one leaves', async () => {
    const bridge = directMedia().mix();
    const [one, other] = [new FakeLeg('one'), new FakeLeg('other')];
    await bridge.add(one, { isAgreed: true });
    await bridge.add(other, { isAgreed: true });
    expect([one.asked, other.asked, bridge.technology]).toEqual([[], [], 'native_rtp']);
    await bridge.remove(one, true);
    expect([one.asked, other.asked]).toEqual([[], ['hold']]);
  });
});

describe('an offer of a far end', () => {
  test('goes to the other, whose answer comes back', async () => {
    const { one, other } = await pair();
    expect(await other.farOffers()).toBe('one 1');
    expect(one.remote).toBe('other 2');
  });

  test('is refused when the other refuses it, and all is as it was', async () => {
    const { one, other } = await pair(new FakeLeg('one'), saying('other', 'take', 'refuse'));
    await expect(one.farOffers()).rejects.toMatchObject({ kind: 'unprocessable' });
    expect([one.remote, other.remote]).toEqual(['other 1', 'one 1']);
  });

  test('that crosses one of the other is to be made again', async () => {
    const { one, other } = await pair();
    const first = one.farOffers();
    await expect(other.farOffers()).rejects.toMatchObject({ kind: 'conflict', code: 'negotiation-under-way' });
    expect(await first).toBe('other 1');
  });

  test('is for nobody when the other has left', async () => {
    const { bridge, one, other } = await pair();
    await bridge.remove(other, true);
    expect(await one.farOffers()).toBeUndefined();
  });
});

test('a third party, and one that is to be muted, need a media engine', async () => {
  const { bridge, one } = await pair();
  const refusal = {
    kind: 'conflict',
    code: 'bridge-needs-media-engine',
    message: expect.stringContaining('media engine'),
  };
  await expect(bridge.add(new FakeLeg('third'))).rejects.toMatchObject(refusal as object);
  expect(bridge.refusal(2, { isMuted: true })).toMatchObject(refusal);
  expect(one.remote).toBe('other 1');
});

test('a bug of a leg is not taken for a refusal', async () => {
  const { bridge, one } = await pair();
  one.hold = () => Promise.reject(new TypeError('a bug'));
  await expect(bridge.remove(one, false)).rejects.toThrow(TypeError);
});
