// A facet of SIP in a call: what it may see of a session, what it may do there, and when it is asked.
import type { Channel } from '../../../core/channel.ts';
import type { Party } from '../../../core/facts.ts';
import type { Datastores } from '../datastores.ts';
import type { EndpointObject } from '../objects/index.ts';
import type { SipHeader, SipMessage, SipRequest, SipResponse } from '../stack.ts';

/** A session, as its supplements know it. */
export interface SupplementedSession {
  readonly endpoint: EndpointObject;
  /** Who began it: the far end (inbound) or we. */
  readonly direction: 'inbound' | 'outbound';
  /** Undefined until it is made. */
  readonly channel: Channel | undefined;
  readonly datastores: Datastores;
  /** Our own host, as addresses name it: an IPv6 address in its brackets. */
  readonly host: string;
  /** Whom the far end talks to, as it is to be told: who calls it, or whom it reached; undefined while nobody is known. */
  readonly connected: Party | undefined;
  /** For which Q.850 cause this side ends it; undefined as long as it does not. */
  readonly cause: number | undefined;
  /** Before the channel is made it is collected, and part of the channel from its beginning; afterwards it is set, and told. */
  setVariable(name: string, value: string): void;
  /** Who the far end is: the channel's caller. Once there is a channel, whoever it talks to learns of it, too. */
  setCaller(party: Party): void;
  /** From which number the call was diverted. */
  setRedirecting(number: string): void;
  /** What the far end says of why the call ends: a Q.850 cause. */
  setCause(cause: number): void;
  /**
   * Sends a request within the dialog; an INVITE or UPDATE goes without a change of media, and the INVITE's own offer is
   * the driver's. Resolves with the final response. Fails with a Fault 'conflict' when there is no dialog, or none any longer.
   */
  request(method: string, headers: readonly SipHeader[], body?: string): Promise<SipResponse>;
}

/** A request that is about to be sent, the first INVITE or one within the dialog: headers may be added, changed, taken away. */
export interface OutgoingDraft {
  readonly method: string;
  readonly headers: SipHeader[];
}

/** A response that is about to be sent. */
export interface ResponseDraft {
  readonly status: number;
  readonly request: SipRequest;
  readonly headers: SipHeader[];
}

export interface Supplement {
  readonly name: string;
  /** Of which methods it sees requests and responses; left out: of all. In capitals. */
  readonly methods?: readonly string[];
  /** Before the first INVITE is seen. */
  begin?(session: SupplementedSession): void;
  /** Nothing more is to come. */
  end?(session: SupplementedSession): void;
  /** May answer by `request.respond`: then nobody else sees it. */
  incomingRequest?(session: SupplementedSession, request: SipRequest): void | Promise<void>;
  /** A CANCEL of the first INVITE; it is answered already. Asked of those that see CANCEL. */
  incomingCancel?(session: SupplementedSession, cancel: SipMessage): void;
  /** Each response to a request of ours within the session, also a provisional one. */
  incomingResponse?(session: SupplementedSession, response: SipResponse, method: string): void;
  outgoingRequest?(session: SupplementedSession, draft: OutgoingDraft): void;
  outgoingResponse?(session: SupplementedSession, draft: ResponseDraft): void;
  /** `session.connected` is somebody else now. */
  connectedChanged?(session: SupplementedSession): Promise<void>;
  /** The value of one of its functions, '' for none; undefined when the expression is none of its functions. */
  read?(session: SupplementedSession, expression: string): string | undefined;
  /** Says whether it is one of its functions. Fails with a Fault 'invalid' when it cannot be written so. */
  write?(session: SupplementedSession, expression: string, value: string): boolean;
}
