// The facets of SIP in a call, each in a file of its own, in the order in which they are asked.
//
// A session begins with `Supplements.begin`, and each of its messages goes through what that returns: a request before it is
// acted upon, whose responses then go through them by themselves; a response as it comes; a request of ours before it leaves.
import { connectedLine } from './connected-line.ts';
import { diversion } from './diversion.ts';
import { dtmf } from './dtmf.ts';
import { headers } from './headers.ts';
import { identity } from './identity.ts';
import { reason } from './reason.ts';
import { refer, type ReferParts } from './refer.ts';
import type { Supplement } from './supplement.ts';
import { text, type TakeText } from './text.ts';

export { infoOf } from './dtmf.ts';
export { fromOf } from './identity.ts';
export { SessionSupplements, Supplements } from './supplements.ts';
export type { OutgoingDraft, ResponseDraft, Supplement, SupplementedSession } from './supplement.ts';

export interface SupplementParts {
  readonly refer: ReferParts;
  readonly text: TakeText;
}

export const supplements = (parts: SupplementParts): readonly Supplement[] => [
  headers,
  identity,
  connectedLine,
  diversion,
  reason,
  dtmf,
  text(parts.text),
  refer(parts.refer),
];
