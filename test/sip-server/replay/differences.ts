// What the embedded server does differently on purpose. Each entry changes the recording into what is expected instead.
// "Section" is that of the notes on the drachtio protocol; its section 16 lists the real server's defects.
import { ourHeader } from '../../../src/sip-server/message.ts';
import { callMark } from '../../../src/sip-server/proxy/marks.ts';
import type { Step } from './transcript.ts';

export interface Difference {
  readonly why: string;
  readonly edit: (steps: readonly Step[]) => Step[];
}

type Match = (step: Step) => boolean;

const has = (kind: Step['kind'], ...words: readonly string[]): Match => {
  return (step) => step.kind === kind && 'text' in step && words.every((word) => step.text.includes(word));
};

/** The steps with `change` made to those that match; there must be one. */
function edit(steps: readonly Step[], match: Match, change: (step: Step) => readonly Step[]): Step[] {
  if (!steps.some(match)) throw new Error('nothing in the recording matches: is the difference still needed?');
  return steps.flatMap((step) => (match(step) ? change(step) : [step]));
}

const replaceText = (match: Match, pattern: RegExp, replacement: string) => (steps: readonly Step[]) =>
  edit(steps, match, (step) =>
    'text' in step ? [{ ...step, text: step.text.replace(pattern, replacement) }] : [step],
  );

const requestOf = (steps: readonly Step[], start: string): string => {
  const step = steps.findLast(has('in', start));
  if (step === undefined || !('text' in step)) throw new Error(`no request ${start}`);
  return step.text.replace(/127\.0\.0\.1:(\d+)(;branch=[^;]+);rport\r/, '127.0.0.1:$1$2;rport=$1\r');
};

/** The server's own response to the last request of that kind. */
function ownResponse(steps: readonly Step[], start: string, statusLine: string, extra: readonly string[] = []): Step {
  const lines = requestOf(steps, start).split('\r\n');
  const copied = lines.filter((line) => /^(Via|From|Call-ID|CSeq):/.test(line));
  const to = `${lines.find((line) => line.startsWith('To:'))};tag=own`;
  const text = [`SIP/2.0 ${statusLine}`, ...copied, to, ...extra, 'Content-Length: 0', '', ''].join('\r\n');
  return { kind: 'out', peer: 'alice', text };
}

const unavailable = (steps: readonly Step[], start: string): Step =>
  ownResponse(steps, start, '503 Service Unavailable', ['Retry-After: 5']);

/** The last request of that kind, as a client gets it. */
function notification(steps: readonly Step[], start: string): Step {
  const request = requestOf(steps, start);
  const port = /127\.0\.0\.1:(\d+);branch/.exec(request)![1]!;
  const leader = `0#id|sip|network|300|udp|127.0.0.1|${port}|00:00:00.000000|fresh||127.0.0.1|5260|`;
  return { kind: 'frame', client: '', text: `${leader}\r\n${request}` };
}

const bracketsStay: Difference = {
  why: 'section 16 T7: To has brackets when it is made from a Request-URI, so that a parameter of the URI stays one',
  edit: (steps) =>
    edit(
      steps,
      (step) => 'text' in step && step.kind !== 'command' && /To: (<[^>]*>|sip:[^;\r]*);transport=tcp/.test(step.text),
      (step) =>
        'text' in step
          ? [{ ...step, text: step.text.replace(/To: <?([^>;\r]*)>?;transport=tcp/, 'To: <$1;transport=tcp>') }]
          : [step],
    ),
};

const replyNamesLocalAddress = (remotePort: string): Difference => ({
  why: 'section 7: the reply to a request names our address, over TCP too',
  edit: replaceText(
    has('frame', '|tcp|', 'Msg sent:', 'MESSAGE sip'),
    new RegExp(`\\|tcp\\|127\\.0\\.0\\.1\\|${remotePort}\\|`),
    '|tcp|127.0.0.1|5260|',
  ),
});

/** Everything that the real server's Record-Route is in, with ours in its place. */
const markedRecordRoute = (secret: string, callId: string): Difference => {
  const mark = callMark(secret, {
    kind: 'request',
    method: '',
    uri: '',
    headers: [ourHeader('Call-ID', callId)],
    body: Buffer.of(),
  });
  return {
    why: 'Record-Route has a mark of the call, so that nobody else can make us forward something',
    edit: (steps) =>
      edit(
        steps,
        (step) => 'text' in step && step.text.includes(';lr>'),
        (step) => ('text' in step ? [{ ...step, text: step.text.replaceAll(';lr>', `;lr;of=${mark}>`) }] : [step]),
      ),
  };
};

export const differences: Readonly<Record<string, readonly Difference[]>> = {
  'out-unreachable': [
    {
      why: 'a datagram socket without a peer hears of no ICMP error: the request times out',
      edit: replaceText(
        has('frame', '|sip|network|0|udp|', '503 Service Unavailable'),
        /503 Service Unavailable/,
        '408 Request Timeout',
      ),
    },
    {
      why: 'two timeouts of the same moment are told in the order in which the requests were sent',
      edit: (steps) => {
        const isInvite = has('frame', '408 Request Timeout', 'INVITE');
        const invite = steps.find(isInvite)!;
        return edit(
          edit(steps, isInvite, () => []),
          has('frame', '408 Request Timeout', 'MESSAGE', '127.0.0.1:44946'),
          (step) => [step, invite],
        );
      },
    },
    replyNamesLocalAddress('9'),
    bracketsStay,
  ],
  'sip-over-tcp': [replyNamesLocalAddress('38676'), bracketsStay],
  update: [
    {
      why: 'RFC 3311 5.2: the 2xx to an UPDATE has a Contact',
      edit: (steps) =>
        [has('out', 'SIP/2.0 200', '2 UPDATE'), has('frame', '|application|', 'SIP/2.0 200', '2 UPDATE')].reduce(
          (edited, match) => replaceText(match, /(CSeq: 2 UPDATE\r\n)/, '$1Contact: <sip:127.0.0.1:5260>\r\n')(edited),
          [...steps],
        ),
    },
  ],
  'session-timer': [
    {
      why: 'RFC 4028 7.4: a refresh says that its sender knows session timers',
      edit: replaceText(has('out', 'INVITE sip', 'Min-SE'), /(Min-SE: 90\r\n)/, '$1Supported: timer\r\n'),
    },
  ],
  'subscribe-out': [
    {
      why: "section 16 T5: the NOTIFY that ends a subscription gets the application's answer",
      edit: (steps) => {
        const isRefusal = has('out', 'SIP/2.0 500', 'CSeq: 2 NOTIFY');
        const refusal = steps.find(isRefusal)!;
        const accepted = steps.find(has('frame', 'Msg sent:', 'SIP/2.0 200 OK', 'CSeq: 1 NOTIFY'))!;
        const ended = replaceText(() => true, /CSeq: 1 NOTIFY/, 'CSeq: 2 NOTIFY')([accepted]);
        const untied = replaceText(() => true, /\|[^|]*;from-tag=[^|]*\|/, '||')(ended);
        return edit(
          edit(steps, isRefusal, () => []),
          has('frame', 'unknown transaction'),
          (late) => [
            ...replaceText(() => true, /500 Internal Server Error/, '200 OK')([refusal]),
            ...replaceText(
              () => true,
              /response\|[^|]*/,
              `response|${'text' in late ? late.text.split('|')[2] : ''}`,
            )(untied),
          ],
        );
      },
    },
  ],
  'message-out-200': [
    {
      why: "an application's Route is the way that its request goes, so none is given here",
      edit: replaceText(has('command', 'Route: <sip:1.2.3.4;lr>'), /Route: <sip:1\.2\.3\.4;lr>\r\n/, ''),
    },
  ],
  proxy: [
    markedRecordRoute('cymru', 'f072bb91d0d87a47@probe'),
    {
      why: 'RFC 3261 17.1.1.3: the ACK to a failure has the Request-URI of its INVITE; 8.1.1.6: and Max-Forwards',
      edit: replaceText(
        has('out', 'ACK sip:127.0.0.1:53401'),
        /^ACK sip:127\.0\.0\.1:53401 SIP\/2\.0\r\n/,
        'ACK sip:x@127.0.0.1:53401 SIP/2.0\r\nMax-Forwards: 70\r\n',
      ),
    },
    {
      why: 'RFC 3261 16.6: each hop counts, within a dialog too',
      edit: (steps) =>
        [has('out', 'ACK sip:bob@127.0.0.1'), has('out', 'BYE sip:bob@127.0.0.1')].reduce(
          (edited, match) => replaceText(match, /Max-Forwards: 70/, 'Max-Forwards: 69')(edited),
          [...steps],
        ),
    },
  ],
  'no-route-503': [
    {
      why: 'section 16 T6: a method that nobody knows is answered too',
      edit: (steps) =>
        edit(steps, has('in', 'FOO sip'), (step) => [step, ownResponse(steps, 'FOO sip', '503 Service Unavailable')]),
    },
  ],
  'refer-out-of-dialog': [
    {
      why: 'section 16 T6: REFER outside a dialog is delivered; and answered when the application is gone',
      edit: (steps) => [
        ...edit(steps, has('in', 'REFER sip'), (step) => [step, notification(steps, 'REFER sip')]),
        unavailable(steps, 'REFER sip'),
      ],
    },
  ],
  'client-dies': [
    {
      why: 'section 16 T6: what an application that has left did not answer is answered at once; a later CANCEL changes nothing',
      edit: (steps) =>
        edit(
          edit(
            steps,
            (step) => step.kind === 'close',
            (step) => [step, unavailable(steps, 'MESSAGE sip'), unavailable(steps, 'INVITE sip')],
          ),
          has('out', '487 Request Terminated'),
          () => [],
        ),
    },
  ],
  'tags-and-removal': [
    {
      why: 'section 16 T4: remove_route removes the route that it names and no other',
      edit: (steps) => [
        ...edit(steps, has('out', '503 Service Unavailable', 'OPTIONS'), () => [notification(steps, 'OPTIONS sip')]),
        unavailable(steps, 'OPTIONS sip'),
      ],
    },
  ],
};
