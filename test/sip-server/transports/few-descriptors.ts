// A process of its own, with a server in it: started where the system allows few open files.
import { SipServer } from '../../../src/sip-server/index.ts';

const server = new SipServer({ listen: ['tcp://127.0.0.1:0'], secret: 'secret' });
await server.start();
const say = (): void => {
  const { tcpConnections: open } = server.metrics.gauges;
  process.stdout.write(`${JSON.stringify({ port: server.addresses[0]!.port, open })}\n`);
};
say();
process.stdin.on('data', say);
process.stdin.on('end', () => process.exit(0));
