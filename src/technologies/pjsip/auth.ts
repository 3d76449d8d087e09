// Whether who sends a request has to prove who it is, and has: one call with four results, made of an authenticator's three functions.
import { impossible, type DigestCredentials, type DigestServer, type Verdict } from './digest-server.ts';
import type { AuthObject, EndpointObject, PjsipObjects } from './objects/index.ts';
import type { SipRequest } from './stack.ts';

/** Only `success` and `not-required` reach a service. `failed`: what it presented was wrong, and it was challenged again. */
export type Authentication = 'challenge-sent' | 'success' | 'failed' | 'not-required';

/**
 * Decides who gets in, by digest. `endpoint` is who the request says that it comes from; undefined when that is nobody,
 * or nobody who may send from there, and then it must be challenged as an endpoint would be, and never let in. A Fault
 * is answered with the status of its kind, what else is thrown with 500.
 */
export interface Authenticator {
  isNeeded(request: SipRequest, endpoint: EndpointObject | undefined): boolean;
  verify(request: SipRequest, endpoint: EndpointObject | undefined): Verdict | Promise<Verdict>;
  /** What it is challenged for: a line for each realm and algorithm. */
  credentials(
    request: SipRequest,
    endpoint: EndpointObject | undefined,
  ): readonly DigestCredentials[] | Promise<readonly DigestCredentials[]>;
}

/** Answers the request, with a challenge, unless the outcome is `success` or `not-required`. */
export type CheckAuthentication = (
  request: SipRequest,
  endpoint: EndpointObject | undefined,
) => Promise<Authentication>;

/** Without an authenticator nothing is required of anyone. */
export const checkingAuthentication =
  (authenticator: Authenticator | undefined, digest: DigestServer): CheckAuthentication =>
  async (request, endpoint) => {
    if (authenticator?.isNeeded(request, endpoint) !== true) return 'not-required';
    const verdict = await authenticator.verify(request, endpoint);
    if (verdict === 'right') return 'success';
    const asked = await authenticator.credentials(request, endpoint);
    await request.respond(401, { headers: digest.challenges(request, asked, verdict === 'stale') });
    return verdict === 'wrong' ? 'failed' : 'challenge-sent';
  };

export interface DigestAuthenticatorParts {
  readonly objects: Pick<PjsipObjects, 'global'>;
  readonly digest: DigestServer;
  readonly random: (bytes: number) => Buffer;
}

/** By the endpoint's `auth`. A stranger is asked for the default realm and algorithms, and has no credentials that would do. */
export function digestAuthenticator({ objects, digest, random }: DigestAuthenticatorParts): Authenticator {
  const { default_realm: usual, default_auth_algorithms_uas: algorithms } = objects.global;
  const nobody = [impossible(usual, algorithms, random)];
  const credentialsOf = ({ auth }: EndpointObject): DigestCredentials[] =>
    auth.map((each: AuthObject) => ({
      ...each,
      realm: each.realm ?? usual,
      algorithms: each.supported_algorithms_uas,
      nonceLifetime: each.nonce_lifetime,
    }));
  const credentials = (_: SipRequest, endpoint: EndpointObject | undefined): readonly DigestCredentials[] =>
    endpoint === undefined ? nobody : credentialsOf(endpoint);
  return {
    isNeeded: (_, endpoint) => endpoint === undefined || endpoint.auth.length > 0,
    verify: (request, endpoint) => digest.verify(request, credentials(request, endpoint)),
    credentials,
  };
}
