// Which of several failures a proxy passes on (RFC 3261 16.7 steps 6 and 7).
import { headersOf, type Header, type SipResponse } from '../message.ts';

const challengeKeys = ['www-authenticate', 'proxy-authenticate'];

/** What the caller can do something about comes before what it cannot. */
const helpful = [401, 407, 415, 420, 484];

/** Undefined when there are none. A challenge has those of all others with it. */
export function bestOf(responses: readonly SipResponse[]): SipResponse | undefined {
  const [best] = responses.toSorted((one, other) => rank(one) - rank(other));
  if (best === undefined || (best.status !== 401 && best.status !== 407)) return best;
  const challenges = responses
    .filter((each) => each !== best && (each.status === 401 || each.status === 407))
    .flatMap((each): Header[] => challengeKeys.flatMap((key) => headersOf(each, key)));
  return { ...best, headers: [...best.headers, ...challenges] };
}

/** 6xx first, then the lowest class, and last in it what says of a server only that it did not serve. */
function rank({ status }: SipResponse): number {
  if (status >= 600) return 0;
  const place = helpful.indexOf(status);
  const inClass = status === 408 || status === 503 ? 99 : place < 0 ? helpful.length : place;
  return Math.floor(status / 100) * 100 + inClass;
}
