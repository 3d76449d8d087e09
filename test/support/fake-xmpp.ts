// The XMPP technology over streams without a network, a store without a disk and a clock that stands still.
import { onTestFinished } from 'vitest';
import { createCore, type Core } from '../../src/core/index.ts';
import type { MessageSettings } from '../../src/core/message-settings.ts';
import type { Store } from '../../src/core/store.ts';
import { Fault } from '../../src/errors.ts';
import type { XmppConfig } from '../../src/technologies/xmpp/config.ts';
import { xmpp, type Xmpp } from '../../src/technologies/xmpp/index.ts';
import type { StreamHandler, StreamOpened, StreamOptions, XmppStream } from '../../src/technologies/xmpp/stream.ts';
import { childOf, stanza, textOf, type XmlElement } from '../../src/technologies/xmpp/xml.ts';
import { memoryStore } from './memory-store.ts';
import { testClock, type TestClock } from './test-clock.ts';

export class FakeStream implements XmppStream {
  readonly refusals = { 'too-large': 0, 'too-deep': 0, malformed: 0 };
  readonly sent: XmlElement[] = [];
  /** Whether each opening was to go on with the session before. */
  readonly opened: boolean[] = [];
  readonly options: StreamOptions;
  /** Why the server cannot be had. */
  refusal: Fault | undefined;
  resumes = false;
  /** Whether the server answers what it is asked: so it has what was sent before. */
  answers = true;
  handler: StreamHandler | undefined;

  constructor(options: StreamOptions) {
    this.options = options;
  }

  async open(handler: StreamHandler, resume: boolean): Promise<StreamOpened> {
    this.opened.push(resume);
    if (this.refusal !== undefined) throw this.refusal;
    this.handler = handler;
    return { jid: 'us', resumed: resume && this.resumes, isResumable: this.resumes };
  }

  async send(each: XmlElement): Promise<void> {
    if (this.handler === undefined) throw new Fault('unavailable', 'no stream');
    this.sent.push(each);
    if (each.name !== 'iq' || each.attrs['type'] !== 'get' || !this.answers) return;
    const { id, to } = each.attrs;
    const [child] = each.children;
    const said = childOf(each, 'query', 'jabber:iq:roster') === undefined ? [] : [child];
    setImmediate(() => void this.receive(stanza('iq', { type: 'result', id, from: to }, said)));
  }

  async close(): Promise<void> {
    this.handler = undefined;
  }

  async receive(each: XmlElement): Promise<void> {
    await this.handler?.stanza(each);
  }

  /** The connection ends. */
  drop(reason = 'gone'): void {
    const { handler } = this;
    this.handler = undefined;
    handler?.closed(reason);
  }

  /** The messages with a text that were sent. */
  get texts(): string[] {
    return this.sent.flatMap((each) => {
      const body = each.name === 'message' ? childOf(each, 'body') : undefined;
      return body === undefined ? [] : [textOf(body)];
    });
  }

  /** What was sent of a name and a type since the last call. */
  take(name: string, type?: string): XmlElement[] {
    const found = this.sent.filter((each) => each.name === name && (type === undefined || each.attrs['type'] === type));
    for (const each of found) this.sent.splice(this.sent.indexOf(each), 1);
    return found;
  }
}

export interface XmppRoom {
  readonly core: Core;
  readonly technology: Xmpp;
  readonly clock: TestClock;
  readonly store: Store;
  readonly logged: string[];
  readonly errors: unknown[];
  /** Of the first account, or of that which is named. */
  stream(account?: string): FakeStream;
  /** Another process on the same store, after this one has ended. */
  restarted(): Promise<XmppRoom>;
}

export const COMPONENT_CONFIG: XmppConfig = {
  account: { gateway: { type: 'component', username: 'gw.example.org', secret: 's', serverhost: '127.0.0.1' } },
  peer: { alice: { jid: 'alice@example.org' }, bob: { jid: 'bob@example.org', subscribe: false } },
};

export const CLIENT_CONFIG: XmppConfig = {
  account: { bot: { type: 'client', username: 'bot@example.org', secret: 's' } },
  peer: { alice: { jid: 'alice@example.org' } },
};

export interface XmppRoomOptions {
  readonly config?: XmppConfig;
  readonly store?: Store;
  readonly clock?: TestClock;
  readonly settings?: Partial<MessageSettings>;
  readonly prepare?: (stream: FakeStream) => void;
}

/** Lets everything happen that needs no time to pass. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise(setImmediate);
}

export async function xmppRoom(options: XmppRoomOptions = {}): Promise<XmppRoom> {
  const { config = COMPONENT_CONFIG, store = memoryStore(), clock = testClock(), settings = {}, prepare } = options;
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const core = createCore({}, { freeze: true, now: () => clock.now(), clock, messages: settings, onError });
  const streams: FakeStream[] = [];
  const logged: string[] = [];
  let seed = 0;
  const technology = xmpp({
    ...{ core, config, clock, log: (level, text) => void logged.push(`${level}: ${text}`) },
    stream(made) {
      const stream = new FakeStream(made);
      prepare?.(stream);
      streams.push(stream);
      return stream;
    },
    random: (bytes) => Buffer.alloc(bytes, ++seed % 256),
  });
  core.messages.addSender(technology.text!);
  await core.messages.load(store);
  await technology.start();
  core.messages.open();
  await settled();
  const stop = async (): Promise<void> => {
    core.messages.stop();
    await technology.stop();
  };
  onTestFinished(stop);
  return {
    ...{ core, technology, clock, store, logged, errors },
    stream: (account) => streams[account === undefined ? 0 : Object.keys(config.account ?? {}).indexOf(account)]!,
    async restarted() {
      await stop();
      return xmppRoom({ ...options, store, clock });
    },
  };
}

/** The presence of a peer, as his server tells it. */
export const presence = (from: string, type?: string, to = 'gw.example.org'): XmlElement =>
  stanza('presence', { from, to, type });

export const text = (
  from: string,
  body: string,
  attrs: Record<string, string> = {},
  more: XmlElement[] = [],
): XmlElement =>
  stanza('message', { from, to: '101@gw.example.org', type: 'chat', ...attrs }, [stanza('body', {}, [body]), ...more]);
