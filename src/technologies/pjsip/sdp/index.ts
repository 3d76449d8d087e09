// Session descriptions: what a call offers and answers, alone and in a bridge.
//
// A `Negotiation` holds what one call has agreed on, and asks the handlers of streams: what each of them takes, and what
// it says of itself. Descriptions go in and out as texts; what goes through from one call to its peer keeps each line.
export { sdpOf, type Body } from './body.ts';
export type { MediaSettings, Source, StreamContext, StreamHandler, Taken, Verdict } from './handler.ts';
export { handlers } from './handlers.ts';
export { meeting, type Meeting } from './meeting.ts';
export { Negotiation, type NegotiationParts } from './negotiation.ts';
export type { Agreed, Failed, Offered, Written } from './outcomes.ts';
