// The transaction machines on a test clock: when they send, when they give up, when they are over (RFC 3261 17, RFC 6026).
import { describe, expect, test } from 'vitest';
import { Timers } from '../../src/sip-server/timers.ts';
import { InviteClientTransaction } from '../../src/sip-server/transaction/client-invite.ts';
import { ClientTransaction } from '../../src/sip-server/transaction/client.ts';
import { InviteServerTransaction, UnacknowledgedSuccess } from '../../src/sip-server/transaction/server-invite.ts';
import { ServerTransaction } from '../../src/sip-server/transaction/server.ts';
import { TestClock } from './clock.ts';

/** A clock, the standard timers, and a diary of what a machine did and when. */
function stage(isReliable: boolean) {
  const clock = new TestClock();
  const diary: string[] = [];
  const note = (what: string) => () => void diary.push(`${clock.now()} ${what}`);
  const timers = new Timers(clock);
  const server = {
    timers,
    isReliable,
    send: (octets: Buffer) => note(octets.toString())(),
    repeats: (status: number) => status !== 401,
    ended: note('ended'),
  };
  const client = {
    timers,
    isReliable,
    send: note('send'),
    timedOut: note('timed out'),
    ended: note('ended'),
    sendCancel: note('cancel'),
  };
  const times = (what: string) =>
    diary.filter((line) => line.endsWith(` ${what}`)).map((line) => Number(line.split(' ')[0]));
  return { clock, diary, times, timers, server, client };
}

const octets = (text: string) => Buffer.from(text);

test('a timer for longer than Node can wait runs as late as it can', () => {
  const clock = new TestClock();
  let ran = false;
  new Timers(clock).after(2 ** 40, () => (ran = true));
  clock.pass(2 ** 31 - 2);
  expect(ran).toBe(false);
  clock.pass(1);
  expect(ran).toBe(true);
});

describe('a client transaction', () => {
  test('sends again at T1, twice that, and so on up to T2, and gives up after 64 T1 (timers E and F)', () => {
    const { clock, times, client } = stage(false);
    new ClientTransaction(client).start();
    clock.pass(40_000);
    expect(times('send')).toEqual([0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    expect(times('timed out')).toEqual([32_000]);
    expect(times('ended')).toEqual([32_000]);
    expect(clock.size).toBe(0);
  });

  test('sends once over a reliable transport, and gives up all the same', () => {
    const { clock, diary, client } = stage(true);
    new ClientTransaction(client).start();
    clock.pass(40_000);
    expect(diary).toEqual(['0 send', '32000 ended', '32000 timed out']);
  });

  test('sends at T2 after a provisional response', () => {
    const { clock, times, client } = stage(false);
    const machine = new ClientTransaction(client);
    machine.start();
    clock.pass(600);
    expect(machine.receive(100)).toBe(true);
    clock.pass(12_000);
    expect(times('send')).toEqual([0, 500, 4600, 8600, 12600]);
  });

  test('absorbs repetitions of the final response for T4 (timer K)', () => {
    const { clock, diary, client } = stage(false);
    const machine = new ClientTransaction(client);
    machine.start();
    expect([machine.receive(200), machine.receive(200)]).toEqual([true, false]);
    clock.pass(40_000);
    expect(diary).toEqual(['0 send', '5000 ended']);
  });

  test('fails once, and not after its final response', () => {
    const { client } = stage(false);
    const [lost, answered] = [new ClientTransaction(client), new ClientTransaction(client)];
    for (const machine of [lost, answered]) machine.start();
    answered.receive(404);
    expect([lost.fail(), lost.fail(), answered.fail()]).toEqual([true, false, false]);
  });
});

describe('an INVITE client transaction', () => {
  test('doubles without bound and gives up after 64 T1 (timers A and B)', () => {
    const { clock, times, client } = stage(false);
    new InviteClientTransaction(client).start();
    clock.pass(40_000);
    expect(times('send')).toEqual([0, 500, 1500, 3500, 7500, 15500, 31500]);
    expect(times('timed out')).toEqual([32_000]);
    expect(clock.size).toBe(0);
  });

  test('waits as long as it takes once there is a provisional response', () => {
    const { clock, diary, client } = stage(false);
    const machine = new InviteClientTransaction(client);
    machine.start();
    machine.receive(180);
    clock.pass(3_600_000);
    expect(diary).toEqual(['0 send']);
  });

  test('acknowledges a failure each time it comes, for 64 T1 (timer D)', () => {
    const { clock, diary, client } = stage(false);
    const machine = new InviteClientTransaction(client);
    machine.start();
    expect(machine.receive(486)).toEqual({ isNew: true, acknowledge: true });
    expect(machine.receive(486)).toEqual({ isNew: false, acknowledge: true });
    clock.pass(40_000);
    expect(diary).toEqual(['0 send', '32000 ended']);
  });

  test('hands every 2xx upwards for 64 T1, and nothing else (timer M)', () => {
    const { clock, diary, client } = stage(false);
    const machine = new InviteClientTransaction(client);
    machine.start();
    expect(machine.receive(200)).toEqual({ isNew: true, acknowledge: false });
    expect(machine.receive(200)).toEqual({ isNew: true, acknowledge: false });
    expect(machine.receive(486)).toEqual({ isNew: false, acknowledge: false });
    clock.pass(40_000);
    expect(diary).toEqual(['0 send', '32000 ended']);
  });

  test('holds a CANCEL back until a provisional response has come, and gives up 64 T1 after it', () => {
    const { clock, diary, client } = stage(true);
    const machine = new InviteClientTransaction(client);
    machine.start();
    expect(machine.cancel()).toBe(true);
    clock.pass(100);
    machine.receive(100);
    clock.pass(40_000);
    expect(diary).toEqual(['0 send', '100 cancel', '32100 ended', '32100 timed out']);
    expect(machine.cancel()).toBe(false);
  });
});

describe('a server transaction', () => {
  test('says nothing to a repetition before it was answered, and then the answer, for 64 T1 (timer J)', () => {
    const { clock, diary, server } = stage(false);
    const machine = new ServerTransaction(server);
    machine.repeat();
    machine.respond(202, octets('202'));
    machine.repeat();
    clock.pass(31_999);
    machine.repeat();
    clock.pass(1);
    expect(diary).toEqual(['0 202', '0 202', '31999 202', '32000 ended']);
  });

  test('is over with its answer on a reliable transport', () => {
    const { diary, server } = stage(true);
    new ServerTransaction(server).respond(200, octets('200'));
    expect(diary).toEqual(['0 200', '0 ended']);
  });
});

describe('an INVITE server transaction', () => {
  test('repeats a failure at T1, twice that, up to T2, and gives up after 64 T1 (timers G and H)', () => {
    const { clock, times, server } = stage(false);
    new InviteServerTransaction(server).respond(486, octets('486'));
    clock.pass(40_000);
    expect(times('486')).toEqual([0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    expect(times('ended')).toEqual([32_000]);
    expect(clock.size).toBe(0);
  });

  test('leaves it to the INVITE to ask again for a failure that is not to be repeated', () => {
    const { clock, diary, server } = stage(false);
    const machine = new InviteServerTransaction(server);
    machine.respond(401, octets('401'));
    clock.pass(1_000);
    machine.repeat();
    clock.pass(40_000);
    expect(diary).toEqual(['0 401', '1000 401', '32000 ended']);
  });

  test('falls silent with the ACK, and absorbs others for T4 (timer I)', () => {
    const { clock, diary, server } = stage(false);
    const machine = new InviteServerTransaction(server);
    machine.respond(486, octets('486'));
    expect([machine.acknowledge(), machine.acknowledge()]).toEqual([true, true]);
    machine.repeat();
    clock.pass(40_000);
    expect(diary).toEqual(['0 486', '5000 ended']);
  });

  test('repeats its last provisional response to a repetition', () => {
    const { diary, server } = stage(false);
    const machine = new InviteServerTransaction(server);
    machine.respond(100, octets('100'));
    machine.respond(180, octets('180'));
    machine.repeat();
    expect(diary).toEqual(['0 100', '0 180', '0 180']);
  });

  test('after a 2xx absorbs the INVITE for 64 T1 and leaves its ACK to the dialog (timer L)', () => {
    const { clock, diary, server } = stage(false);
    const machine = new InviteServerTransaction(server);
    machine.respond(200, octets('200'));
    machine.repeat();
    expect(machine.acknowledge()).toBe(false);
    clock.pass(40_000);
    expect(diary).toEqual(['0 200', '32000 ended']);
  });
});

describe('a 2xx without an ACK', () => {
  test('is repeated at T1, twice that, up to T2, and given up after 64 T1', () => {
    const { clock, times, timers, client } = stage(true);
    new UnacknowledgedSuccess(timers, client.send, client.timedOut);
    clock.pass(40_000);
    expect(times('send')).toEqual([500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    expect(times('timed out')).toEqual([32_000]);
  });

  test('is not repeated after it', () => {
    const { clock, times, timers, client } = stage(false);
    const success = new UnacknowledgedSuccess(timers, client.send, client.timedOut);
    clock.pass(600);
    success.stop();
    clock.pass(40_000);
    expect(times('send')).toEqual([500]);
    expect(clock.size).toBe(0);
  });
});
