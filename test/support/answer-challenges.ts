// What a telephone answers to the challenges of a 401 or a 407, each nonce used for the first time.
import { answerable, authorization } from '../../src/technologies/pjsip/digest.ts';
import type { AuthObject } from '../../src/technologies/pjsip/objects/index.ts';
import type { SipHeader, SipResponse } from '../../src/technologies/pjsip/stack.ts';

export const answerChallenges = (
  response: SipResponse,
  request: { readonly method: string; readonly uri: string },
  auths: readonly AuthObject[],
  cnonce: () => string,
): SipHeader[] =>
  answerable(response, auths).map(({ header, challenge, auth }) => [
    header,
    authorization(challenge, request, auth, cnonce(), 1),
  ]);
