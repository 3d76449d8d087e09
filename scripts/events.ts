// npm run events: connects an application, subscribes it, and prints its events as they come.
import { parseArgs } from 'node:util';
import { connectApp, restClient } from './demo/application.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8088' },
    user: { type: 'string', default: 'ari:ari' },
    app: { type: 'string', default: 'hello' },
    subscribe: { type: 'string', multiple: true },
    since: { type: 'string' },
  },
});
const { url, user, app, since } = values;
// Who resumes finds the subscriptions as they were.
const subscribe = values.subscribe ?? (since === undefined ? ['endpoint:PJSIP'] : []);
const base = `${url}/ari`;

const application = await connectApp(base, app, {
  user,
  ...(since !== undefined && { since }),
  onEvent: (event) => console.log(JSON.stringify(event)),
});
for (const eventSource of subscribe) {
  const { status, body } = await restClient(base, user)('POST', `/applications/${app}/subscription`, { eventSource });
  if (status === 200) continue;
  console.error(`subscribing to ${eventSource} was answered ${status}: ${JSON.stringify(body)}`);
  process.exit(1);
}
console.error(`${app} listens${subscribe.map((each) => ` to ${each}`).join(',')}; end with Ctrl-C`);
application.socket.on('close', () => {
  console.error('the connection has ended');
  process.exit(1);
});
