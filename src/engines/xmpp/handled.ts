// What the server is told was handled (XEP-0198): what has really been, in order; the library would count what has come.

export class Handled {
  readonly #streamManagement: XmppjsStreamManagement | undefined;
  #count = 0;
  /** Another with each session: what is still being handled of an earlier one does not count. */
  #session = 0;
  #all: Promise<void> = Promise.resolve();

  constructor(streamManagement: XmppjsStreamManagement | undefined) {
    this.#streamManagement = streamManagement;
    if (streamManagement === undefined) return;
    // The library reads it to answer, sets it to 0 with a new session, and else adds what comes, which we do not want.
    Object.defineProperty(streamManagement, 'inbound', {
      get: () => this.#count,
      set: (count: number) => {
        if (count !== 0) return;
        this.#count = 0;
        this.#session += 1;
      },
    });
  }

  /** A stanza has come, which is handled when that resolves. */
  add(done: Promise<void>): void {
    if (this.#streamManagement === undefined) return;
    const session = this.#session;
    this.#all = this.#all
      .then(() => done)
      .then(() => {
        if (session === this.#session) this.#count += 1;
      });
  }

  /** The session before is not to go on, and nothing of it is to be sent again. */
  forget(): void {
    const management = this.#streamManagement;
    if (management === undefined) return;
    management.id = '';
    management.outbound_q.length = 0;
    management.outbound = 0;
    management.inbound = 0;
  }
}
