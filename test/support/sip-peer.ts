// What the SipStack contract needs of the other side of the wire, beyond what a telephone does by itself.
import type { SipHeader } from '../../src/technologies/pjsip/stack.ts';
import type { Telephone } from '../../scripts/demo/telephone.ts';
import { SipText } from '../../scripts/demo/sip-text.ts';

/** From and To of a request to that telephone. */
export const fromServiceTo = (phone: Telephone): SipHeader[] => [
  ['From', `<sip:service@127.0.0.1>;tag=service`],
  ['To', `<${phone.aor}>`],
];

export const sdp = (port: number): string =>
  ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', `m=audio ${port} RTP/AVP 0`, ''].join(
    '\r\n',
  );

export const withSdp: SipHeader = ['Content-Type', 'application/sdp'];

/** A request of the one who was called, in the dialog that its answer to `invite` made. */
export function requestOfCallee(phone: Telephone, invite: SipText, answer: SipText, method: string): Promise<SipText> {
  const target = /<([^>]*)>/.exec(invite.header('Contact'))?.[1] ?? '';
  return phone.request({
    method,
    to: target,
    headers: [
      ['From', answer.header('To')],
      ['To', invite.header('From')],
      ['Call-ID', invite.header('Call-ID')],
    ],
  });
}

/** Begins a call and never sends the ACK. */
export function unacknowledgedInvite(phone: Telephone): SipText {
  const { host, port } = phone.address;
  const invite = new SipText(
    'INVITE sip:bar@127.0.0.1 SIP/2.0',
    [
      ['Via', `SIP/2.0/UDP ${host}:${port};branch=z9hG4bKunacknowledged;rport`],
      ['Max-Forwards', '70'],
      ['From', `<${phone.aor}>;tag=unacknowledged`],
      ['To', '<sip:bar@127.0.0.1>'],
      ['Call-ID', `unacknowledged-${port}`],
      ['CSeq', '1 INVITE'],
      ['Contact', `<${phone.contact}>`],
      withSdp,
    ],
    sdp(4000),
  );
  phone.begin(invite);
  return invite;
}
