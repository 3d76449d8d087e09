// MESSAGE (RFC 3428) over srf's connection, but past srf: the same frames, behind the same interface.
//
// A MESSAGE makes no dialog and is never acknowledged or cancelled; of all that srf does for a request it needs the frame alone. srf
// parses each text into objects (the request, the response, the echo of either), of which this room reads nothing, since it reads
// the text itself, and writes them as JSON for a debug log that is off: a third of what a MESSAGE costs. `npm run bench -- --only
// inbound,rest` tells.
import type { Socket } from 'node:net';
import statusCodes from 'sip-status';
import type { SrfAgent, SrfAnswer, SrfMessage, SrfParts, SrfRequest, SrfRequestOptions, SrfText } from './srf.ts';
import { headOf } from './text.ts';

type Frames = Pick<SrfAgent, 'mapServer' | 'wp'>;
/** By transaction id: who waits for the responses to what we have sent. */
type Pending = Map<string, (response: SrfMessage) => void>;

export class PagerMode {
  readonly #onMessage: (request: SrfRequest, answer: SrfAnswer) => void;
  readonly #pending = new WeakMap<Socket, Pending>();

  constructor(onMessage: (request: SrfRequest, answer: SrfAnswer) => void) {
    this.#onMessage = onMessage;
  }

  /** From now on srf does not see the frames that are for us. */
  watch(agent: Frames): void {
    const srf = agent.wp.listeners('msg');
    agent.wp.removeAllListeners('msg');
    agent.wp.on('msg', (socket, frame) => {
      if (!this.#take(agent, socket, frame)) for (const each of srf) each(socket, frame);
    });
  }

  /** As `SrfClient.request`. */
  request(agent: Frames, options: SrfRequestOptions, callback: (error: unknown, sent?: SrfRequest) => void): void {
    const { uri, proxy, stackDialogId = '' } = options;
    const leader = `sip||${stackDialogId}${proxy === undefined ? '' : `|${proxy}`}`;
    const [socket] = agent.mapServer.keys();
    ask(agent, socket, `${leader}\r\nMESSAGE ${uri} SIP/2.0\r\n${written(options)}`, (error, raw, told) => {
      if (error !== undefined) return callback(error);
      const sent = new Request(raw, told, undefined);
      this.#pendingOf(socket!).set(told[TRANSACTION] ?? '', (response) => sent.responded(response));
      callback(null, sent);
    });
  }

  #pendingOf(socket: Socket): Pending {
    const known = this.#pending.get(socket);
    if (known !== undefined) return known;
    const made: Pending = new Map();
    this.#pending.set(socket, made);
    return made;
  }

  /** Whether the frame is for us: a MESSAGE from the network, or a response to one that we have sent. */
  #take(agent: Frames, socket: Socket, frame: string): boolean {
    const afterId = frame.indexOf('|');
    // What comes when the connection is over is dropped, as srf drops it.
    if (!frame.startsWith('|sip|network|', afterId) || !agent.mapServer.has(socket)) return false;
    const end = frame.indexOf('\r\n', afterId);
    const isRequest = frame.startsWith('MESSAGE ', end + 2);
    if (end < 0 || !(isRequest || frame.startsWith('SIP/2.0 ', end + 2))) return false;
    const told = frame.slice(frame.indexOf('|', afterId + 1) + 1, end).split('|');
    const transactionId = told[TRANSACTION] ?? '';
    const raw = frame.slice(end + 2);
    if (isRequest) {
      this.#onMessage(new Request(raw, told, told[DIALOG]), new Answer(agent, socket, transactionId, raw));
      return true;
    }
    const pending = this.#pendingOf(socket);
    const listener = pending.get(transactionId);
    if (listener === undefined) return false;
    // "SIP/2.0 1xx"
    if (!raw.startsWith('1', 8)) pending.delete(transactionId);
    listener(new Message(raw, told, told[DIALOG]));
    return true;
  }
}

/** Where these stand among the words that a frame says of its message: source, octets, protocol, address, port, time, … */
const [SOURCE, PROTOCOL, ADDRESS, PORT, TRANSACTION, DIALOG, OUR_ADDRESS, OUR_PORT] = [0, 2, 3, 4, 6, 7, 8, 9];

class Message implements SrfMessage {
  readonly raw: string;
  readonly source: 'network' | 'application';
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly stackDialogId: string | undefined;

  constructor(raw: string, told: readonly string[], dialogId: string | undefined) {
    this.raw = raw;
    this.source = told[SOURCE] === 'network' ? 'network' : 'application';
    this.source_address = told[ADDRESS] ?? '';
    this.source_port = Number(told[PORT] || 5060);
    this.protocol = told[PROTOCOL] ?? '';
    this.stackDialogId = dialogId;
  }
}

class Request extends Message implements SrfRequest {
  readonly method = 'MESSAGE';
  readonly receivedOn?: string;
  #listener: ((response: SrfMessage) => void) | undefined;

  constructor(raw: string, told: readonly string[], dialogId: string | undefined) {
    super(raw, told, dialogId);
    if (told[OUR_PORT] !== undefined) this.receivedOn = `${told[OUR_ADDRESS]}:${told[OUR_PORT]}`;
  }

  /** Nothing but responses ever comes of it. */
  on(event: string, listener: (...told: never[]) => void): void {
    if (event === 'response') this.#listener = listener as (response: SrfMessage) => void;
  }

  responded(response: SrfMessage): void {
    this.#listener?.(response);
  }

  cancel(_options: unknown, callback: (error: unknown) => void): void {
    callback(new Error('a MESSAGE is not cancelled'));
  }
}

class Answer implements SrfAnswer {
  finished = false;
  stackDialogId: string | undefined;
  readonly #agent: Frames;
  readonly #socket: Socket;
  readonly #transactionId: string;
  readonly #request: string;

  constructor(agent: Frames, socket: Socket, transactionId: string, request: string) {
    this.#agent = agent;
    this.#socket = socket;
    this.#transactionId = transactionId;
    this.#request = request;
  }

  send(
    status: number,
    reason: string | undefined,
    parts: SrfParts,
    callback: (error: unknown, sent?: SrfText) => void,
  ) {
    const phrase = statusCodes[status];
    if (phrase === undefined) throw new Error(`nobody knows a status ${status}`);
    this.finished = status >= 200;
    const text = `SIP/2.0 ${status} ${reason ?? phrase}\r\n${echoed(this.#request)}${written(parts)}`;
    ask(this.#agent, this.#socket, `sip|${this.#transactionId}|\r\n${text}`, (error, raw, told) => {
      if (error !== undefined) return callback(error.message);
      this.stackDialogId = told[DIALOG];
      callback(null, { raw });
    });
  }
}

/** Sends a command. `done` is told the message as it went out, and what is said of it; or why it did not. */
function ask(
  { mapServer, wp }: Frames,
  socket: Socket | undefined,
  command: string,
  done: (error: Error | undefined, raw: string, told: readonly string[]) => void,
): void {
  const connection = socket === undefined ? undefined : mapServer.get(socket);
  if (socket === undefined || connection === undefined) return done(new Error('the connection is closed'), '', []);
  connection.pendingRequests.set(wp.send(socket, command), ([verdict, ...told] = [], raw = '') => {
    if (verdict === 'OK') done(undefined, raw, told);
    else done(new Error(told[0] ?? 'request failed'), '', []);
  });
}

function written({ headers, body = '' }: SrfParts): string {
  let lines = '';
  for (const name in headers) lines += `${name}: ${headers[name]}\r\n`;
  return `${lines}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const echo = /^(?:call-id|i|cseq|from|f|to|t)[ \t]*:/i;

/** What srf repeats in a response, as lines. No SIP server needs it, but none has been seen to do without. */
function echoed(request: string): string {
  const head = headOf(request);
  let lines = '';
  for (let end = head.indexOf('\r\n'); end >= 0;) {
    const start = end + 2;
    end = head.indexOf('\r\n', start);
    if (echo.test(head.slice(start, start + 10)))
      lines += `${end < 0 ? head.slice(start) : head.slice(start, end)}\r\n`;
  }
  return lines;
}
