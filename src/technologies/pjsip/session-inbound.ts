// A session that the far end began, until the ACK to our answer. Sections are RFC 3261's.
import { causeOf, DECLINE, statusOf } from './causes.ts';
import { acknowledged, established } from './session-confirmed.ts';
import { asked, bye, ended, hungUp, untaken, reply, respond } from './session-steps.ts';
import type { In, Input, States, Step } from './session.ts';

const MOVED = 302;

export const inbound: States<'incoming' | 'early' | 'answering'> = {
  incoming: unanswered,
  early: unanswered,

  answering(session, input) {
    switch (input.kind) {
      case 'ack':
        if (session.parting !== undefined) return [{ kind: 'ending' }, bye(session.parting)];
        return acknowledged(session, input);
      case 'hangup': // 15: no BYE before the ACK.
        return [{ parting: input.cause, ...session }];
      case 'cancel': // 9.2: it came before the 200 was out.
        return [ended, hungUp(input.far)];
      case 'lost':
        return [ended, hungUp(input.far)];
      case 're-INVITE': // 14.2, RFC 6337 3.3: one at a time.
        return [session, reply(491)];
      case 'update': // RFC 3311 5.2: while our own offer is open there can be no other.
        return session.isOffering && input.media === 'offer'
          ? [session, reply(491)]
          : asked(session, 'UPDATE', input.media);
      default:
        return established(session, input);
    }
  },
};

function unanswered(session: In<'incoming' | 'early'>, input: Input): Step {
  switch (input.kind) {
    case 'ring': // 13.3.1.1
      return [{ kind: 'early' }, respond(180)];
    case 'progress':
      return [{ kind: 'early' }, respond(183)];
    case 'answer': // 13.3.1.4
      return [{ kind: 'answering', isOffering: input.isOffering }, respond(200)];
    case 'redirect': // 13.3.1.2
      return [ended, respond(MOVED), hungUp({ cause: causeOf(MOVED), techCause: MOVED })];
    case 'hangup': // 13.3.1.3
      return [ended, respond(statusOf(input.cause) ?? DECLINE, input.cause)];
    case 'cancel': // 9.2: the stack has answered both.
      return [ended, hungUp(input.far)];
    case 'lost':
      return [ended, hungUp(input.far)];
    case 'bye': // 15.1.2: the INVITE that it ends is pending still.
      return [ended, reply(200), respond(487), hungUp(input.far)];
    case 're-INVITE': // 14.2: the first has no final response yet.
      return [session, reply(500)];
    case 'update':
      return asked(session, 'UPDATE', input.media);
    case 'prack':
      return asked(session, 'PRACK', input.media);
    case 'other':
      return untaken(session);
    default:
      return [session];
  }
}
