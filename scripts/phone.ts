// npm run phone: a simulated telephone for trying things out. It registers over UDP, sends a message or places a call.
import { parseArgs } from 'node:util';
import { Telephone, type SipText } from './demo/telephone.ts';

const usage =
  'npm run phone -- [--sip HOST:PORT] [--user foo] [--password foo-secret] message TO TEXT | call TO | listen';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sip: { type: 'string', default: '127.0.0.1:5060' },
    user: { type: 'string', default: 'foo' },
    password: { type: 'string', default: 'foo-secret' },
  },
});
const [command, to, text] = positionals;
const [host, port] = values.sip.split(':');

const told = (what: string, response: SipText): void => console.log(`${what}: ${response.startLine}`);
const telephone = await Telephone.open({
  user: values.user,
  password: values.password,
  server: { host: host!, port: Number(port) },
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
  console.log('waiting for messages; end with Ctrl-C');
  await new Promise(() => {});
} else {
  console.error(usage);
  process.exitCode = 1;
}
await telephone.unregister();
await telephone.close();
