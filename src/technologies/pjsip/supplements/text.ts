// A text within a call, by MESSAGE (RFC 3428): it comes from the endpoint as one outside of a call does.
import { Fault } from '../../../errors.ts';
import type { Sender } from '../service.ts';
import type { SipRequest } from '../stack.ts';
import { statusOf } from '../statuses.ts';
import { believed } from '../trust.ts';
import type { Supplement } from './supplement.ts';

/** Takes a MESSAGE of that sender, and answers it, or fails with a Fault. */
export type TakeText = (request: SipRequest, sender: Sender) => Promise<void>;

export const text = (take: TakeText): Supplement => ({
  name: 'text',
  methods: ['MESSAGE'],

  async incomingRequest({ channel, endpoint: object }, request) {
    const endpoint = channel?.endpoint;
    if (endpoint === undefined) return void (await request.respond(481));
    try {
      await take(believed(request, object), { object, endpoint });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await request.respond(statusOf[error.kind]);
    }
  },
});
