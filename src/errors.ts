// Failures in the domain's words. Each edge (HTTP, SIP) maps a kind to its own status.

export type FaultKind =
  | 'invalid' // what was asked is malformed
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict' // it clashes with the state of something that exists
  | 'precondition' // the object is not yet, or no longer, in a state that allows it
  | 'unprocessable' // well-formed, but names something that is not there
  | 'too-large'
  | 'unsupported-media'
  | 'unsupported'
  | 'unavailable'; // not now; asking again later may help

/** A failure that a caller may meet in normal operation; anything else that is thrown is a bug. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;
  /** Stable and machine-readable, for clients to switch on: "channel-not-found". The kind, unless told otherwise. */
  readonly code: string;

  constructor(kind: FaultKind, message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    super(message, options);
    this.kind = kind;
    this.code = options.code ?? kind;
  }
}

/** `notFound('Channel')`: "Channel not found", with the code "channel-not-found". */
export const notFound = (what: string): Fault =>
  new Fault('not-found', `${what} not found`, { code: `${what.toLowerCase().replaceAll(' ', '-')}-not-found` });

/** For what nobody waits for: a Fault changes nothing then, and a bug still crashes. */
export function exceptFaults(done: Promise<void>): void {
  done.catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
  });
}
