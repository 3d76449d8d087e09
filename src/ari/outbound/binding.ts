// What the configuration says of the WebSockets that we open ourselves, with its defaults.

/** A server that is connected to. */
export interface Target {
  /** "ws://…" or "wss://…". */
  readonly uri: string;
  /** Subprotocols, of which the server has to take one. */
  readonly protocols: readonly string[];
  /** As whom we come: Basic authorization. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly tls: {
    /** Certificates of the authorities that count, in PEM; those of Node.js if left out. */
    readonly ca?: string;
    readonly verifiesCertificate: boolean;
    readonly verifiesHostname: boolean;
  };
  /** In milliseconds: how long one try to connect may take. */
  readonly timeout: number;
  /** In milliseconds: how long after a try, or after the end of a connection, comes the next try. */
  readonly interval: number;
  /** How many tries in a row; Infinity if it never gives up. */
  readonly attempts: number;
}

export interface OutboundBinding {
  /** Its name in the configuration. */
  readonly name: string;
  readonly target: Target;
  /** One connection as long as the service runs, or one for each call into one of the applications. */
  readonly kind: 'persistent' | 'per-call';
  readonly apps: readonly string[];
  /** Whose rights the requests have that come over it. */
  readonly user: string;
  readonly subscribeAll: boolean;
  /** Whether events that ARI does not have are wanted, too. */
  readonly extensions: boolean;
}
