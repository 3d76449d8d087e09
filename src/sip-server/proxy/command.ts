// The "proxy" command: where a request is forwarded to, and how.
import { parseSipUri } from '../grammar/uri.ts';

export interface ProxyCommand {
  /** The transaction id of the request. */
  readonly transaction: string;
  /** Later requests of the dialog come through here too; of a REGISTER, those to its contacts. */
  readonly remainsInDialog: boolean;
  readonly followsRedirects: boolean;
  readonly isSimultaneous: boolean;
  /** ms until a destination that says nothing is given up. */
  readonly provisionalTime: number | undefined;
  /** ms until a destination without a final response is given up. */
  readonly finalTime: number | undefined;
  /** SIP URIs, in order. */
  readonly destinations: readonly string[];
}

/** Places that one request is forwarded to, redirections included. */
export const mostDestinations = 32;

/** Longer is no time that anybody waits. */
const longestTime = 3_600_000;

/** The tokens behind "proxy"; a text says what is wrong with them. */
export function parseProxyCommand(tokens: readonly string[]): ProxyCommand | string {
  const [transaction = '', remain, , follow, order, provisional = '', final = '', ...destinations] = tokens;
  const provisionalTime = milliseconds(provisional);
  const finalTime = milliseconds(final);
  if (provisionalTime === null || finalTime === null) return 'invalid timeout';
  if (destinations.length === 0 || destinations.length > mostDestinations) return 'error proxying request to ';
  const wrong = destinations.find((each) => parseSipUri(each) === undefined);
  if (wrong !== undefined) return `invalid request-uri: ${wrong}`;
  return {
    transaction,
    remainsInDialog: remain !== '',
    followsRedirects: follow !== '',
    isSimultaneous: order === 'simultaneous',
    provisionalTime,
    finalTime,
    destinations,
  };
}

/** "2s", "1500ms"; undefined for nothing at all, null when it is neither. */
function milliseconds(text: string): number | undefined | null {
  if (text === '') return undefined;
  const [, number, unit] = /^(\d{1,9})(ms|s)$/.exec(text) ?? [];
  return number === undefined ? null : Math.min(longestTime, Number(number) * (unit === 's' ? 1_000 : 1));
}
