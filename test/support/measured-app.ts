// The service as a process of its own that says how much memory it holds, and all that it logs: see measured.ts.
import { createApp } from '../../src/app.ts';
import { expectShortLives } from '../../src/collector.ts';
import { readConfig } from '../../src/config.ts';

/** What the process is to do by itself. */
export interface Drive {
  readonly perSecond: number;
  readonly seconds: number;
  readonly endpoints: number;
}

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

/** Text messages of so many endpoints in turn, evenly over the time. Each says in a variable when it was published, in milliseconds. */
async function drive({ perSecond, seconds, endpoints }: Drive): Promise<number> {
  const { core } = app;
  const all = core.endpoints.list().slice(0, endpoints);
  const begun = performance.now();
  let done = 0;
  while (done < perSecond * seconds) {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - begun) / 1_000) * perSecond));
    for (; done < due; done++) {
      const variables = { at: String(performance.timeOrigin + performance.now()) };
      all[done % all.length]!.textReceived({ from: 'a', to: 'b', body: 'x'.repeat(500), variables });
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return done;
}

// As the command line does.
expectShortLives();
const app = createApp(readConfig({ text: process.argv[2]! }), {
  log: (level, text) => {
    if (level !== 'info') tell({ logged: `${level}: ${text}` });
  },
});
process.on('message', (order: 'memory' | Drive) => {
  if (order === 'memory') void memory().then((bytes) => tell({ memory: bytes }));
  else void drive(order).then((driven) => tell({ driven }));
});
await app.start();
tell({ http: app.http.port, sip: app.sip });
