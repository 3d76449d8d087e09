// Calls that are offered to several applications: who is asked, who has it, and what becomes of it otherwise.
import { describe, expect, test } from 'vitest';
import { run } from '../../src/core/execution.ts';
import { fakeDriver } from '../support/core.ts';
import { settled } from '../support/fake-caller.ts';
import { calls, type Calls } from './calls.ts';

function offered({ core }: Calls, notify = false) {
  const driver = fakeDriver(603);
  const endpoint = core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
  const place = { context: 'default', exten: '200' };
  const channel = core.channels.create({ endpoint, name: 'PJSIP/foo', state: 'Ring', ...place, driver });
  run(channel, { broadcast: { apps: /^agent-/, timeout: 500, args: ['a'], notify } }, core);
  return { channel, done: driver.done };
}

describe('a call that is offered', () => {
  test('goes to the application that claims it first, and the others hear so if they are to', async () => {
    const given = calls();
    const apps = ['agent-1', 'agent-2', 'other'].map((name) => given.application(name));
    const { channel } = offered(given, true);
    given.core.broadcasts.claim(channel.id, 'agent-2');
    await settled();
    channel.hungUp({});
    expect(await Promise.all(apps.map((app) => app.told()))).toEqual([
      ['CallBroadcast', 'CallClaimed'],
      ['CallBroadcast', 'CallClaimed', 'StasisStart', 'ChannelHangupRequest()', 'StasisEnd'],
      [],
    ]);
    expect([channel.variable('STASISSTATUS'), given.clock.waiting]).toEqual(['SUCCESS', 0]);
    expect(() => given.core.broadcasts.claim(channel.id, 'agent-1')).toThrow('Channel not found');
  });

  test('may be claimed by one that was not asked, once, and by nobody whom nobody listens for', () => {
    const given = calls();
    for (const name of ['agent-1', 'other']) given.application(name);
    const { channel } = offered(given);
    const claim = (app: string) => (): void => given.core.broadcasts.claim(channel.id, app);
    expect(claim('agent-3')).toThrow('Application not found');
    claim('other')();
    expect(claim('agent-1')).toThrow('Channel already claimed');
  });

  test('is declined when nobody claims it in time', async () => {
    const given = calls();
    const app = given.application('agent-1');
    const { channel, done } = offered(given);
    given.clock.advance(500);
    await settled();
    expect([channel.variable('STASISSTATUS'), done]).toEqual(['TIMEOUT', ['hangup 16']]);
    expect(await app.told()).toEqual(['CallBroadcast']);
    expect(() => given.core.broadcasts.claim(channel.id, 'agent-1')).toThrow('Channel not found');
  });

  test('is declined at once when there is nobody to ask', async () => {
    const given = calls();
    given.application('other');
    const { channel, done } = offered(given);
    await settled();
    expect([channel.variable('STASISSTATUS'), done]).toEqual(['FAILED', ['hangup 16']]);
  });

  test('is no longer to be claimed when the caller has hung up', () => {
    const given = calls();
    given.application('agent-1');
    const { channel } = offered(given);
    channel.hungUp({});
    expect(() => given.core.broadcasts.claim(channel.id, 'agent-1')).toThrow('Channel not found');
    expect(given.clock.waiting).toBe(0);
  });
});
