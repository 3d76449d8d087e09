// Between SIP's response codes and Q.850's causes, as chan_pjsip maps them.
import { divide } from './name-address.ts';

const fromSip: Readonly<Record<number, number>> = {
  302: 23,
  401: 21,
  403: 21,
  404: 1,
  405: 127,
  407: 21,
  408: 18,
  409: 41,
  410: 22,
  411: 127,
  413: 127,
  414: 127,
  415: 127,
  420: 3,
  480: 19,
  481: 127,
  482: 127,
  483: 19,
  484: 28,
  485: 1,
  486: 17,
  487: 127,
  488: 58,
  491: 127,
  493: 127,
  500: 38,
  501: 29,
  502: 27,
  503: 34,
  504: 102,
  505: 127,
  600: 17,
  603: 21,
  604: 1,
  606: 58,
};

/** The Q.850 cause of a final response. */
export function causeOf(status: number): number {
  const cause = fromSip[status];
  if (cause !== undefined) return cause;
  if (status >= 500 && status < 600) return 34;
  return status >= 400 && status < 700 ? 127 : 16;
}

const toSip: Readonly<Record<number, number>> = {
  1: 404,
  2: 404,
  3: 404,
  17: 486,
  18: 408,
  19: 480,
  20: 480,
  21: 403,
  22: 410,
  23: 302,
  27: 502,
  28: 484,
  29: 501,
  31: 480,
  34: 503,
  38: 500,
  42: 503,
  58: 488,
  66: 503,
  127: 500,
};

/** The response that a cause has of its own; undefined for the others, which decline a call. */
export const statusOf = (cause: number): number | undefined => toSip[cause];

/** Declines a call for a cause without a response of its own. */
export const DECLINE = 603;

/** The cause that `Reason` headers name by a protocol, if they do (RFC 3326 2). */
export function causeOfReason(reasons: readonly string[], protocol: 'Q.850' | 'SIP'): number | undefined {
  for (const reason of reasons.flatMap((line) => divide(line, ','))) {
    const [name = '', ...params] = divide(reason, ';');
    if (name.toLowerCase() !== protocol.toLowerCase()) continue;
    const cause = params.map((each) => /^cause\s*=\s*(\d{1,3})$/i.exec(each)?.[1]).find((each) => each !== undefined);
    if (cause !== undefined) return Number(cause);
  }
  return undefined;
}

export const reasonOf = (cause: number): string => `Q.850;cause=${cause}`;
