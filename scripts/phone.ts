// npm run phone: a simulated telephone for trying things out. It registers, sends a message, places a call, or waits for them.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Telephone, type SipText } from './demo/telephone.ts';

const usage =
  'npm run phone -- [--sip HOST:PORT] [--user foo] [--password foo-secret] [--transport udp|tcp|tls|ws|wss] [--ca FILE] message TO TEXT | call TO | listen';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sip: { type: 'string', default: '127.0.0.1:5060' },
    user: { type: 'string', default: 'foo' },
    password: { type: 'string', default: 'foo-secret' },
    transport: { type: 'string', default: 'udp' },
    ca: { type: 'string' },
  },
});
const [command, to, text] = positionals;
/** In milliseconds: as long as a timer can be. */
const FOR_EVER = 2 ** 31 - 1;
const [host, port] = values.sip.split(':');

const told = (what: string, response: SipText): void => console.log(`${what}: ${response.startLine}`);
const transport = (['udp', 'tcp', 'tls', 'ws', 'wss'] as const).find((each) => each === values.transport) ?? 'udp';
const telephone = await Telephone.open({
  transport,
  ...(values.ca !== undefined && { ca: readFileSync(values.ca, 'utf8') }),
  user: values.user,
  password: values.password,
  server: { host: host!, port: Number(port) },
  ...(command === 'listen' && { deadline: FOR_EVER }),
  onLog: ({ direction, text }) => {
    if (command === 'listen' && direction === 'received' && text.startsWith('MESSAGE')) {
      console.log(text.slice(text.indexOf('\r\n\r\n') + 4));
    }
  },
});
told('REGISTER', await telephone.register());
if (command === 'message' && to !== undefined && text !== undefined) {
  told('MESSAGE', await telephone.message({ to, body: text }));
} else if (command === 'call' && to !== undefined) {
  const call = telephone.call({ to });
  const answer = await call.answered;
  told('INVITE', answer);
  if (answer.status === 200) told('BYE', await call.hangup());
} else if (command === 'listen') {
  console.log('waiting for messages and calls; end with Ctrl-C');
  telephone.expectCalls();
  for (;;) {
    const call = await telephone.called();
    told(`INVITE from ${call.invite.header('From')}`, call.invite);
    call.progress(180);
    await call.answer();
    void call.ended.then((bye) => told('the other side', bye));
  }
} else {
  console.error(usage);
  process.exitCode = 1;
}
await telephone.unregister();
await telephone.close();
