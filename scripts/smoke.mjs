// Starts the service as a user does, compiled (npm run build), under the Node.js that runs this file, and sees a message arrive as an event.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

console.log(`Node.js ${process.version}`);
const data = await mkdtemp(join(tmpdir(), 'arion-smoke-'));

/** Runs a script of ours; its output is kept, and `seen` waits for a text in it. */
function run(file, ...args) {
  const loader = file.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const child = spawn(process.execPath, [...loader, file, ...args], { env: { ...process.env, ARION_DATA: data } });
  let output = '';
  const waiting = new Set();
  const note = (chunk) => {
    output += chunk;
    for (const look of waiting) look();
  };
  child.stdout.on('data', note);
  child.stderr.on('data', note);
  const ended = new Promise((resolve) => child.on('close', resolve));
  return {
    child,
    ended,
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        const fail = (why) => reject(new Error(`${file} ${why} without ${pattern}:\n${output}`));
        const timer = setTimeout(() => fail('went on for 20 s'), 20_000);
        const look = () => {
          const match = pattern.exec(output);
          if (match === null) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        look();
        void ended.then(() => setImmediate(() => (look(), clearTimeout(timer), fail('ended'))));
      }),
  };
}

const service = run('dist/main.js', '--http-port', '0', '--sip-port', '0');
let events;
try {
  const [, url] = await service.seen(/API +(http:\/\/[^/]+)\/ari/);
  const [, sip] = await service.seen(/SIP +udp ([^,\s]+)/);
  events = run('scripts/events.ts', '--url', url);
  await events.seen(/listens to/);
  const phone = run('scripts/phone.ts', '--sip', sip, 'message', '1001', 'smoke');
  await phone.seen(/MESSAGE: SIP\/2\.0 202/);
  await events.seen(/"TextMessageReceived".*"body":"smoke"/);
  await phone.ended;
  const documents = await fetch(`${url}/docs/`);
  if (!documents.ok) throw new Error(`/docs was answered ${documents.status}`);
  console.log('A message came in by SIP and went out as an event.');
} finally {
  events?.child.kill();
  await events?.ended;
  service.child.kill('SIGTERM');
  const code = await service.ended;
  await rm(data, { recursive: true, force: true });
  if (code !== 0) throw new Error(`the service ended with status ${code}`);
}
