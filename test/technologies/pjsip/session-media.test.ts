// How the media of a call is led by others: what they offer and answer, and whoever has to wait for that.
import { describe, expect, test, vi } from 'vitest';
import type { MediaLeg } from '../../../src/core/media.ts';
import type { ChannelDriver } from '../../../src/core/technology.ts';
import { Fault } from '../../../src/errors.ts';
import { call, offer, room, sdp, up } from './sessions-room.ts';

const peer = offer.replace('40000', '50000');
const at = (port: number): string => offer.replace('40000', String(port));
const mediaOf = ({ driver }: { readonly driver: () => ChannelDriver }): MediaLeg => driver().media!;

async function led() {
  const all = await up();
  return { ...all, media: mediaOf(all) };
}

describe('an offer of another party', () => {
  test('is made by re-INVITE, and its answer acknowledged and handed over', async () => {
    const { media, stack } = await led();
    const answered = media.offer(peer);
    const invite = await stack.sentCount(1);
    expect(invite).toMatchObject({ method: 'INVITE', dialogId: 'dialog-1' });
    expect(invite.body).toContain('m=audio 50000 RTP/AVP 0');
    invite.respond(200, { headers: [sdp], body: at(40002) });
    expect(await answered).toContain('m=audio 40002 RTP/AVP 0');
    expect((await stack.sentCount(2)).method).toBe('ACK');
  });

  test('that is refused changes nothing', async () => {
    const { media, stack, channel } = await led();
    const refused = media.offer(peer);
    (await stack.sentCount(1)).respond(488);
    await expect(refused).rejects.toMatchObject({ kind: 'unprocessable' });
    const again = media.offer(peer);
    (await stack.sentCount(2)).respond(200, { headers: [sdp], body: at(40002) });
    expect(await again).toContain('40002');
    expect(channel().isEnded).toBe(false);
  });

  test('that this side cannot take is not sent', async () => {
    const { media, stack } = await led();
    await expect(media.offer(peer.replace('AVP 0', 'AVP 18'))).rejects.toMatchObject({ kind: 'unprocessable' });
    expect(stack.sent).toEqual([]);
  });

  test('waits for its turn, and is over with the call', async () => {
    const { media, stack, within } = await led();
    const first = media.offer(peer);
    const second = media.hold();
    await stack.sentCount(1);
    expect(stack.sent).toHaveLength(1);
    const ends = expect(Promise.allSettled([first, second])).resolves.toMatchObject([
      { status: 'rejected', reason: { kind: 'conflict' } },
      { status: 'rejected', reason: { kind: 'conflict' } },
    ]);
    expect((await within('BYE').final).status).toBe(200);
    await ends;
    await expect(media.hold()).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('does not wait for ever', async () => {
    const { media, stack, timers, calls } = await led();
    void media.offer(peer).catch(() => undefined);
    const second = media.hold();
    await stack.sentCount(1);
    timers.at(-1)!();
    await expect(second).rejects.toMatchObject({ kind: 'conflict' });
    expect(calls.metrics.busy).toBe(1);
  });

  test('that meets one of the far end is made again later, five times', async () => {
    const { media, stack, timers } = await led();
    const offered = expect(media.offer(peer)).rejects.toMatchObject({ kind: 'conflict' });
    for (let count = 1; count <= 5; count++) {
      (await stack.sentCount(count)).respond(491);
      await new Promise(setImmediate);
      timers.splice(0).forEach((run) => run());
    }
    await offered;
    expect(stack.sent).toHaveLength(5);
  });

  test('whose far end is gone ends the call', async () => {
    const { media, stack, channel } = await led();
    const it = channel();
    const offered = media.offer(peer);
    (await stack.sentCount(1)).respond(481);
    await expect(offered).rejects.toMatchObject({ kind: 'conflict' });
    expect([it.isEnded, (await stack.sentCount(2)).method]).toEqual([true, 'BYE']);
  });
});

describe('a far end that is asked what it offers', () => {
  test('has its offer answered by the ACK', async () => {
    const { media, stack } = await led();
    const requested = media.requestOffer();
    const invite = await stack.sentCount(1);
    expect(invite.body ?? '').toBe('');
    invite.respond(200, { headers: [sdp], body: at(40002) });
    const { description, answer } = await requested;
    expect(description).toContain('m=audio 40002');
    expect(stack.sent).toHaveLength(1);
    await answer(peer);
    expect(await stack.sentCount(2)).toMatchObject({ method: 'ACK' });
    expect(stack.sent[1]!.body).toContain('m=audio 50000');
    await expect(answer(peer)).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('is on hold when nobody answers', async () => {
    const { media, stack, timers } = await led();
    const requested = media.requestOffer();
    (await stack.sentCount(1)).respond(200, { headers: [sdp], body: at(40002) });
    await requested;
    timers.at(-1)!();
    expect((await stack.sentCount(2)).body).toContain('a=inactive');
  });

  test('may offer nothing', async () => {
    const { media, stack } = await led();
    const requested = media.requestOffer();
    (await stack.sentCount(1)).respond(200);
    await expect(requested).rejects.toMatchObject({ kind: 'unprocessable' });
    expect((await stack.sentCount(2)).method).toBe('ACK');
  });

  test('has made its offer already when it waits for the answer', async () => {
    const all = room();
    const received = await all.invite();
    const media = mediaOf(all);
    const { description, answer } = await media.requestOffer();
    expect(description).toContain('m=audio 40000');
    await answer(peer);
    await all.channel().answer();
    expect(received.answers[0]!.body).toContain('m=audio 50000');
  });
});

describe('an offer of the far end', () => {
  test.each(['INVITE', 'UPDATE'])('by %s is answered by whoever is asked', async (method) => {
    const { media, within } = await led();
    media.onOffer(async (offered) => {
      expect(offered).toContain('m=audio 40004');
      return peer;
    });
    const { status, body } = await within(method, { headers: [...call, sdp], body: at(40004) }).final;
    expect([status, body.includes('m=audio 50000')]).toEqual([200, true]);
  });

  test('is refused if they refuse, and all is as it was', async () => {
    const { media, within, channel } = await led();
    media.onOffer(() => Promise.reject(new Fault('unprocessable', 'no')));
    expect((await within('INVITE', { headers: [...call, sdp], body: at(40004) }).final).status).toBe(488);
    media.onOffer(undefined);
    const { status, body } = await within('INVITE', { headers: [...call, sdp], body: at(40004) }).final;
    expect([status, body.includes('a=inactive'), channel().isEnded]).toEqual([200, true, false]);
  });

  test('that is still considered keeps nobody from hanging up', async () => {
    const { media, within, words, channel } = await led();
    const asked = new Promise<void>((resolve) =>
      media.onOffer(() => {
        resolve();
        return new Promise(() => undefined);
      }),
    );
    const open = within('INVITE', { headers: [...call, sdp], body: at(40004) });
    await asked;
    expect((await within('UPDATE', { headers: [...call, sdp], body: at(40006) }).final).status).toBe(500);
    expect((await within('BYE').final).status).toBe(200);
    expect([(await words())[0], channel(), open.answers]).toEqual([
      'ChannelHangupRequested undefined far',
      undefined,
      [],
    ]);
  });

  test('whose answering is a bug is answered 500, and told', async () => {
    const { media, within, logged } = await led();
    media.onOffer(() => Promise.reject(new Error('oops')));
    expect((await within('INVITE', { headers: [...call, sdp], body: at(40004) }).final).status).toBe(500);
    await vi.waitFor(() => expect(logged[0]).toContain('A bug in answering an offer'));
  });

  test('is the last one again where it asks for ours', async () => {
    const { media, stack, within } = await led();
    const offered = media.offer(peer);
    (await stack.sentCount(1)).respond(200, { headers: [sdp], body: at(40002) });
    await offered;
    expect((await within('INVITE').final).body).toContain('m=audio 50000');
  });
});
