// The embedded server says what the real one said, to the same peers and the same clients.
import { describe, test } from 'vitest';
import { TestClock } from './clock.ts';
import { differences } from './replay/differences.ts';
import { replay, type ReplayOptions } from './replay/replayer.ts';
import { readTranscript } from './replay/transcript.ts';

/** The real server's timers by fifty, so that its 32 seconds pass in 640 ms. */
const fast = { T1: 10, T2: 80, T4: 100 };

const recordings: Readonly<Record<string, ReplayOptions>> = {
  'register-401': {},
  'message-in-202': {},
  'message-in-utf8': {},
  'message-out-200': {},
  'message-out-proxy': {},
  'message-out-auth': {},
  'register-out-auth': {},
  options: {},
  'promise-race': {},
  'invite-in-answered-bye': {},
  'invite-in-app-bye': {},
  'invite-in-486': {},
  'invite-in-cancel': {},
  'invite-in-quick-cancel': {},
  'invite-out-answered': {},
  'invite-out-peer-bye': {},
  'invite-out-486': {},
  'invite-out-cancel': {},
  'invite-out-cancel-race': {},
  'invite-out-3xx': {},
  'invite-out-auth': {},
  'info-in-dialog': {},
  'reinvite-in': {},
  'reinvite-out': {},
  update: {},
  'prack-in': {},
  'prack-out': {},
  'session-timer': { clock: new TestClock(), ignoreRepetitions: true },
  'subscribe-in': {},
  'subscribe-out': {},
  'notify-message-ooc': {},
  refer: {},
  'refer-out-of-dialog': {},
  b2bua: {},
  'indialog-after-bye': {},
  proxy: {},
  'two-clients': {},
  'client-dies': {},
  'tags-and-removal': {},
  'no-route-503': {},
  'sip-over-tcp': {},
  'ack-timeout': { timers: fast, ignoreRepetitions: true },
  'out-unreachable': { timers: fast, ignoreRepetitions: true },
};

describe('the same as the recording', () => {
  for (const [name, options] of Object.entries(recordings)) {
    const deliberate = differences[name] ?? [];
    test([name, ...deliberate.map(({ why }) => `(${why})`)].join(' '), () => {
      const steps = deliberate.reduce((edited, { edit }) => edit(edited), readTranscript(name));
      return replay(steps, options);
    });
  }
});
