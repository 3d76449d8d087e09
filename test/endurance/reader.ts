// A client that writes down each event that it has seen, with its cursor, and goes on behind the last: a process that can be killed.
//
// Arguments: the file, and the name of the application. Over IPC it is told where the service is: "http://127.0.0.1:40000".
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { WebSocket } from 'ws';

const [file, application] = process.argv.slice(2) as [string, string];

/** What was written whole, and no more: the death of the process may have cut the last line. */
function lastCursor(): string | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  const end = text.lastIndexOf('\n') + 1;
  if (end < text.length) truncateSync(file, Buffer.byteLength(text.slice(0, end)));
  return text.slice(0, end).split('\n').at(-2)?.split(' ')[0];
}

function connect(url: string): void {
  const since = lastCursor();
  const query = `app=${application}&api_key=ari:ari&persist=true${since === undefined ? '' : `&since=${since}`}`;
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ari/events?${query}`);
  socket.on('open', () => process.send!({ connected: url }));
  socket.on('message', (data: Buffer) => {
    const event = JSON.parse(data.toString()) as {
      type: string;
      cursor?: string;
      message?: { body: string };
      endpoint?: { resource: string };
    };
    if (event.type === 'EventsLost') process.send!({ lost: event });
    if (event.type !== 'TextMessageReceived') return;
    appendFileSync(file, `${event.cursor} ${event.endpoint!.resource} ${event.message!.body}\n`);
  });
  // Where the service is after its death, the parent says.
  socket.on('error', () => undefined);
}

process.on('message', ({ url }: { url: string }) => connect(url));
process.on('disconnect', () => process.exit());
