// The questions to the web service, and what follows each answer, are those of the recorded real server.
import { readFileSync } from 'node:fs';
import Srf from 'drachtio-srf';
import { expect, onTestFinished, test } from 'vitest';
import { final, stage, valueOf } from '../stage.ts';
import { listening, on, statusLine, webService } from './scene.ts';

interface Recorded {
  readonly request: string;
  readonly question: string;
  readonly answer: string;
  readonly outcome: string;
}

/** Each new request of the recording about which the web service was asked, with what came back in the end. */
function recorded(): Recorded[] {
  const text = readFileSync(new URL('../../data/transcripts/outbound-mode.txt', import.meta.url), 'utf8');
  const all: Recorded[] = [];
  let [request, question, answer] = ['', '', ''];
  for (const section of text.split(/^== [\d.]+ ms {2}/m).slice(1)) {
    const [title = '', ...lines] = section.split('\n');
    const sip = lines.join('\n').replaceAll('\\r\\n\n', '\r\n').trimStart();
    if (title.startsWith('SIP alice>>server')) [request, question] = [sip, ''];
    question = /^NOTE HTTP GET (\S+)/.exec(title)?.[1] ?? question;
    answer = /^NOTE HTTP reply (.*)$/.exec(title)?.[1] ?? answer;
    const isFinal = title.startsWith('SIP server>>alice') && !sip.startsWith('SIP/2.0 1');
    if (isFinal && question !== '') all.push({ request, question, answer, outcome: statusLine(sip) });
  }
  return all;
}

/** Two applications, as in the recording: one that listens, and one that has come with the tag "blue". */
async function applications(controlPort: number): Promise<number> {
  const blue = new Srf();
  blue.on('error', () => undefined);
  on(blue, 'message', (_, res) => res.send(200));
  // Its own types know no tags.
  const options = { host: '127.0.0.1', port: controlPort, secret: 'secret', tags: ['blue'] };
  void blue.connect(options);
  await new Promise<void>((resolve) => blue.on('connect', () => resolve()));
  onTestFinished(() => blue.disconnect());
  return listening((srf) => {
    on(srf, 'message', (_, res) => res.send(202));
    on(srf, 'invite', (_, res) => res.send(200, { headers: { Contact: '<sip:app@localhost>' } }));
  });
}

const cases = recorded();

test('the recording has every kind of answer', () => {
  expect(cases.map(({ outcome }) => outcome)).toEqual([
    'SIP/2.0 202 Accepted',
    'SIP/2.0 200 OK',
    'SIP/2.0 480 Go Away',
    'SIP/2.0 302 Moved',
    'SIP/2.0 480 Temporarily Unavailable',
    'SIP/2.0 200 OK',
    'SIP/2.0 480 Temporarily Unavailable',
    'SIP/2.0 500 Server Internal Error',
  ]);
});

test.each(cases)('$answer', async ({ request, question, answer, outcome }) => {
  const replies: string[] = [];
  const { url, asked } = await webService(() => replies[0]!);
  const { peer, server, port } = await stage({ requestHandlers: { '*': url } });
  const listenPort = await applications(server.controlPort);
  replies.push(answer.replace('127.0.0.1:33217', `127.0.0.1:${listenPort}`));
  const alice = await peer();
  const alicePort = /^Via: SIP\/2\.0\/UDP 127\.0\.0\.1:(\d+)/m.exec(request)![1]!;
  alice.send(request.replaceAll('5261', String(port())).replaceAll(alicePort, String(alice.port)));
  const response = await final(alice);
  expect(statusLine(response)).toBe(outcome);
  const expected = new URL(question.replaceAll('5261', String(port())), 'http://x').searchParams;
  expect(asked).toEqual([{ ...Object.fromEntries(expected), accept: 'application/json' }]);
  expect(valueOf(response, 'Call-ID')).toBe(valueOf(request, 'Call-ID'));
});
