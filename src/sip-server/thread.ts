// The other side of a ThreadedSipServer: the server in its thread, and what is said of it.
import { workerData, type MessagePort } from 'node:worker_threads';
import { SipServer } from './index.ts';
import type { Order, Said, ThreadOptions } from './threaded.ts';

const { options, port } = workerData as { readonly options: ThreadOptions; readonly port: MessagePort };
const say = (said: Said): void => port.postMessage(said);
let server: SipServer | undefined;

/** Here and not before: what is wrong with the options is then told like anything else that stands against a start. */
async function start() {
  server = new SipServer({
    ...options,
    log: (level, text) => say({ type: 'log', level, text }),
    onFlowOpened: (flow) => say({ type: 'opened', flow }),
    onFlowClosed: (flow) => say({ type: 'closed', flow }),
  });
  await server.start();
  return { controlPort: server.controlPort };
}

const carryOut: { readonly [Each in Order]: () => Promise<unknown> } = {
  start,
  release: async () => server?.release(),
  count: async () => server?.metrics,
  stop: async () => server?.stop(),
};

port.on('message', (order: Order) => {
  carryOut[order]().then(
    (value) => say({ type: 'done', value: value as never }),
    (error: Error) => say({ type: 'failed', error }),
  );
});
