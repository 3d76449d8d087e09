// The service as a process of its own that says how much memory it holds, and all that it logs: see measured.ts.
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';

const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined || process.send === undefined) throw new Error('fork this with --expose-gc');
const tell = (message: object): void => void process.send!(message);

process.on('uncaughtException', (error) => tell({ uncaught: error.stack }));
process.on('unhandledRejection', (error) => tell({ uncaught: String(error) }));
process.on('disconnect', () => process.exit());

/** In bytes. What lies behind a finalizer takes more than one collection. */
async function memory(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    collect!();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const app = createApp(readConfig({ text: process.argv[2]! }), {
  log: (level, text) => {
    if (level !== 'info') tell({ logged: `${level}: ${text}` });
  },
});
process.on('message', () => void memory().then((bytes) => tell({ memory: bytes })));
await app.start();
tell({ http: app.http.port, sip: app.sip });
