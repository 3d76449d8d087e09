// The embedded SIP server as a process of its own, so that it can be killed and frozen: see server-kill.test.ts.
import { SipServer, type SipServerOptions } from '../../src/sip-server/index.ts';

const server = new SipServer(JSON.parse(process.argv[2]!) as SipServerOptions);
await server.start();
process.on('disconnect', () => process.exit());
process.send!(server.controlPort);
