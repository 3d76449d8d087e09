// The torture messages of RFC 4475: what each of them must come to, and why.
import { readdirSync, readFileSync } from 'node:fs';

export interface Expectation {
  /** Of RFC 4475; undefined for the one file of its archive that the text does not mention. */
  readonly section: string | undefined;
  /** What the parser makes of it: a message; or a problem with this status; `silence`: nobody can be answered. */
  readonly parsed: 'accept' | 'silence' | 400 | 505;
  /** Where the server itself goes on differently with a message that the parser takes. */
  readonly then?: 'dropped' | 481;
  /** What a stream makes of it when that differs from a datagram, which has an end. */
  readonly stream?: 'waits' | 'two messages';
  readonly why: string;
}

const accept = (section: string, why: string): Expectation => ({ section, parsed: 'accept', why });
const refuse = (section: string, why: string): Expectation => ({ section, parsed: 400, why });
const drop = (section: string, why: string): Expectation => ({ section, parsed: 'silence', why });

export const torture: Readonly<Record<string, Expectation>> = {
  wsinv: {
    ...accept('3.1.1.1', 'white space, folds and compact forms wherever the grammar has them'),
    then: 481, // it has a To tag, and no dialog is ours
  },
  intmeth: accept('3.1.1.2', 'every character that a token, a user and a quoted string may have'),
  esc01: accept('3.1.1.3', 'escapes in URIs stay escaped'),
  escnull: accept('3.1.1.4', 'a null octet may be escaped'),
  esc02: accept('3.1.1.5', 'a method is a token: its per cent signs escape nothing'),
  lwsdisp: accept('3.1.1.6', 'no white space is needed before the bracket'),
  longreq: accept('3.1.1.7', 'long values, many of them'),
  dblreq: {
    ...accept('3.1.1.8', 'what follows the message in a datagram is ignored'),
    stream: 'two messages',
  },
  semiuri: accept('3.1.1.9', 'a semicolon in the user part begins no parameter'),
  transports: accept('3.1.1.10', 'a Via may name any transport'),
  mpart01: accept('3.1.1.11', 'a body of any octets'),
  unreason: { ...accept('3.1.1.12', 'a reason phrase of any language'), then: 'dropped' },
  noreason: { ...accept('3.1.1.13', 'a reason phrase may be empty'), then: 'dropped' },
  badinv01: refuse('3.1.2.1', 'empty parameters in Via and Contact'),
  clerr: { ...refuse('3.1.2.2', 'Content-Length exceeds the datagram'), stream: 'waits' },
  ncl: refuse('3.1.2.3', 'a negative Content-Length'),
  scalar02: refuse('3.1.2.4', 'a CSeq beyond 32 bits'),
  scalarlg: drop('3.1.2.5', 'the same in a response, which is dropped'),
  quotbal: refuse('3.1.2.6', 'a quoted string never closes'),
  ltgtruri: refuse('3.1.2.7', 'brackets around the Request-URI'),
  lwsruri: refuse('3.1.2.8', 'white space within the Request-URI'),
  lwsstart: refuse('3.1.2.9', 'more than one space in the request line'),
  trws: refuse('3.1.2.10', 'white space at the end of the request line'),
  escruri: refuse('3.1.2.11', 'headers in the Request-URI: they must not be forwarded, and mean nothing to us'),
  baddate: accept('3.1.2.12', 'a Date is nothing that we read, so a liberal server may take it'),
  regbadct: refuse('3.1.2.13', 'a question mark in a Contact without brackets'),
  badaspec: refuse('3.1.2.14', 'white space within the brackets'),
  baddn: {
    ...refuse('3.1.2.15', 'a comma in a display name without quotes; and the empty line is missing'),
    stream: 'waits',
  },
  badvers: { section: '3.1.2.16', parsed: 505, why: 'another version of SIP' },
  mismatch01: refuse('3.1.2.17', 'CSeq names another method'),
  mismatch02: refuse('3.1.2.18', 'the same with a method that nobody knows'),
  bigcode: drop('3.1.2.19', 'a status beyond 699 in a response, which is dropped'),
  badbranch: accept('3.2.1', 'without the rest of its branch it is recognised as in RFC 2543'),
  insuf: refuse('3.3.1', 'no Call-ID, From or To'),
  unkscm: accept('3.3.2', 'a Request-URI of an unknown scheme: 416 is for the application to say'),
  novelsc: accept('3.3.3', 'the same with a scheme that is known, but not for SIP'),
  unksm2: accept('3.3.4', 'the scheme in From and To means nothing to a server'),
  bext01: accept('3.3.5', 'what is required is for the application to know: 420'),
  invut: accept('3.3.6', 'the type of the body is for the application to know: 415'),
  regaut01: accept('3.3.7', 'the scheme of the credentials is for the application to know: 401'),
  multi01: refuse('3.3.8', 'several values where one belongs'),
  mcl01: refuse('3.3.9', 'two Content-Lengths'),
  bcast: { ...accept('3.3.10', 'a response with a Via that is not ours'), then: 'dropped' },
  zeromf: accept('3.3.11', 'Max-Forwards 0 ends nothing but forwarding'),
  cparam01: accept('3.3.12', 'an unknown parameter of a Contact without brackets'),
  cparam02: accept('3.3.13', 'an unknown parameter within the brackets'),
  regescrt: accept('3.3.14', 'headers in the URI of a Contact'),
  sdp01: accept('3.3.15', 'what is accepted is for the application to know: 406'),
  inv2543: accept('3.4.1', 'a sender as in RFC 2543'),
  test: { section: undefined, parsed: 'silence', why: 'no version and no Via: nobody to answer' },
};

const folder = new URL('../data/rfc4475/', import.meta.url);

export const tortureNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.dat'))
  .map((file) => file.slice(0, -4));

export const tortureMessage = (name: string): Buffer => readFileSync(new URL(`${name}.dat`, folder));
