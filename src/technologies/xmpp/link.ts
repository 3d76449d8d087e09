// The way to one server: a stream that is opened again whenever it ends, watched, and asked whether it has what was sent.
import type { Clock } from '../../core/clock.ts';
import { Fault } from '../../errors.ts';
import { backOff } from './back-off.ts';
import { Checkpoints } from './checkpoints.ts';
import type { Log } from './log.ts';
import { Requests, type Question } from './requests.ts';
import type { StreamHandler, XmppStream } from './stream.ts';
import { PING } from './namespaces.ts';
import { element, type XmlElement } from './xml.ts';

export interface LinkParts {
  /** For the log. */
  readonly name: string;
  readonly stream: XmppStream;
  /** Who answers when it is asked whether it is there; a component asks itself, by way of the server. */
  readonly probe: Pick<Question, 'from' | 'to'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Log;
}

/** What is told of it. */
export interface LinkListener extends Pick<StreamHandler, 'stanza' | 'refused'> {
  /** Stanzas go both ways. `resumed`: the session of before goes on. */
  opened(resumed: boolean): void;
  /** The connection has ended. The session may go on with the next. */
  closed(): void;
  /** The session does not go on: of what was sent in it and not answered nobody knows whether it arrived. */
  lost(): void;
}

/** In milliseconds: how long opening may take, how long a session waits to go on, how often is asked whether the server is there. */
const OPENING = 20_000;
const RESUMABLE = 60_000;
const BEAT = 60_000;
/** A connection that lasted so long was a good one, in milliseconds. */
const LASTING = 30_000;

export class Link {
  readonly #parts: LinkParts;
  readonly #requests: Requests;
  readonly #checkpoints: Checkpoints;
  #listener: LinkListener | undefined;
  #state: 'stopped' | 'opening' | 'open' | 'waiting' = 'stopped';
  #failures = 0;
  #hasSession = false;
  #isResumable = false;
  #since = 0;
  #connectedAt = 0;
  #reconnections = 0;
  #said = '';
  /** The next attempt, the end of the session, the next question. */
  #callOffs = { attempt: (): void => {}, loss: (): void => {}, beat: (): void => {} };

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#requests = new Requests(parts.clock, parts.newId, this);
    this.#checkpoints = new Checkpoints(() => this.#ping());
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** When this session has begun, in milliseconds since 1970. */
  get since(): number {
    return this.#since;
  }

  get metrics() {
    const { refusals } = this.#parts.stream;
    const questions = this.#requests.metrics;
    return { open: this.isOpen ? 1 : 0, reconnections: this.#reconnections, refusals, questions };
  }

  /** From now on it is opened, and stays so as far as it can. */
  open(listener: LinkListener): void {
    this.#listener = listener;
    void this.#attempt();
  }

  async close(): Promise<void> {
    const wasOpen = this.isOpen;
    this.#state = 'stopped';
    for (const callOff of Object.values(this.#callOffs)) callOff();
    await this.#parts.stream.close(true);
    if (wasOpen) this.#listener?.closed();
    this.#lose();
  }

  /** Fails with a Fault 'unavailable' when it is not open, 'invalid' for what XML cannot say. */
  async send(stanza: XmlElement): Promise<void> {
    if (!this.isOpen) throw new Fault('unavailable', 'There is no connection to the XMPP server');
    await this.#parts.stream.send(stanza);
  }

  /** Sends what nobody waits for: when it cannot be sent now, it is of no use any more. */
  tell(stanza: XmlElement): void {
    this.send(stanza).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error;
    });
  }

  /** The answer. Fails with a Fault 'unavailable' when none comes. */
  ask(question: Question): Promise<XmlElement> {
    return this.#requests.ask(question);
  }

  answered(stanza: XmlElement): boolean {
    return this.#requests.answer(stanza);
  }

  /** Resolves when the server has all that was sent before. Fails with a Fault 'unavailable' when nobody knows. */
  taken(): Promise<void> {
    return this.#checkpoints.reached();
  }

  async #attempt(): Promise<void> {
    const { stream, clock } = this.#parts;
    this.#state = 'opening';
    const callOff = clock.after(OPENING, () => void stream.close(false));
    try {
      const opened = await stream.open(this.#handler, this.#isResumable);
      if (this.#isStopped()) return;
      this.#opened(opened);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (!this.#isStopped()) this.#again(error);
    } finally {
      callOff();
    }
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  get #handler(): StreamHandler {
    return {
      stanza: async (stanza) => this.#listener?.stanza(stanza),
      refused: (head, reason) => this.#listener?.refused(head, reason),
      closed: (reason) => this.#closed(reason),
    };
  }

  #opened({ jid, resumed, isResumable }: Awaited<ReturnType<XmppStream['open']>>): void {
    const { clock, log, name } = this.#parts;
    this.#callOffs.loss();
    if (!resumed) this.#lose();
    if (!resumed) this.#since = clock.now();
    this.#hasSession = true;
    this.#isResumable = isResumable;
    this.#connectedAt = clock.now();
    this.#state = 'open';
    this.#said = '';
    log('info', `XMPP ${name}: ${resumed ? 'goes on' : 'connected'} as ${jid}`);
    this.#listener?.opened(resumed);
    this.#beat();
  }

  #closed(reason: string): void {
    if (!this.isOpen) return;
    const { clock } = this.#parts;
    if (clock.now() - this.#connectedAt >= LASTING) this.#failures = 0;
    this.#state = 'waiting';
    this.#callOffs.beat();
    this.#listener?.closed();
    if (this.#isResumable) this.#callOffs.loss = clock.after(RESUMABLE, () => this.#lose());
    else this.#lose();
    this.#again(new Fault('unavailable', reason));
  }

  /** The session is over, if there was one. */
  #lose(): void {
    this.#callOffs.loss();
    this.#isResumable = false;
    if (!this.#hasSession) return;
    this.#hasSession = false;
    this.#requests.lost();
    this.#listener?.lost();
  }

  #again({ message }: Fault): void {
    const { clock, random, log, name } = this.#parts;
    this.#state = 'waiting';
    this.#reconnections += 1;
    if (message !== this.#said) log('warn', `XMPP ${name}: not connected: ${message}`);
    this.#said = message;
    this.#callOffs.attempt = clock.after(backOff(this.#failures, random), () => void this.#attempt());
    this.#failures += 1;
  }

  #beat(): void {
    this.#callOffs.beat = this.#parts.clock.after(BEAT, () => {
      void this.taken().then(
        () => this.isOpen && this.#beat(),
        () => undefined,
      );
    });
  }

  /** A server that answers nothing is not there any more. */
  async #ping(): Promise<void> {
    const since = this.#connectedAt;
    try {
      await this.ask({ type: 'get', ...this.#parts.probe, child: element(PING, 'ping') });
    } catch (error) {
      if (this.isOpen && this.#connectedAt === since) {
        await this.#parts.stream.close(false);
        this.#closed('the server does not answer');
      }
      throw error;
    }
  }
}
