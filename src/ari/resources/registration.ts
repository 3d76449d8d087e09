// The model of a registration.
import { Type, type Static } from 'typebox';
import type { RegistrationSnapshot } from '../../core/registrations.ts';
import { Moment, momentJson } from '../time.ts';

const text = (description: string) => Type.Optional(Type.String({ description }));

export const Registration = Type.Object(
  {
    id: Type.String({ description: 'Its id.' }),
    direction: Type.Enum(['inbound', 'outbound'], {
      type: 'string',
      description: 'Inbound: of a telephone with us. Outbound: ours with a provider.',
    }),
    state: Type.Enum(['Registered', 'Unregistered', 'Rejected', 'Stopped'], {
      type: 'string',
      description: 'Whether it holds.',
    }),
    endpoint: text('Whose it is: PJSIP/alice.'),
    aor: Type.String({ description: 'The address of record.' }),
    contact: Type.String({ description: 'The URI at which it can be reached.' }),
    source: text('Where it came from, or went to: an IP address and a port.'),
    transport: text('udp, tcp, tls, ws or wss.'),
    agent: text('What the other side calls itself.'),
    path: Type.Array(Type.String(), { description: 'The proxies on the way to it, as URIs, the nearest to us first.' }),
    registered: Type.Optional(Moment('When it was made or refreshed last.')),
    expires: Type.Optional(Moment('When it ends, unless it is refreshed.')),
    contact_status: text(
      'Whether the contact answers: Reachable, Unreachable, Unknown or NonQualified; or why it is refused.',
    ),
    roundtrip_usec: text('How long the last answer to OPTIONS took, in microseconds; absent when not measured.'),
  },
  {
    title: 'Registration',
    description: 'A telephone that registered with us, or a registration of ours with a provider.',
  },
);

export const registrationJson = ({
  uri,
  registeredAt,
  expiresAt,
  path,
  status,
  roundtrip,
  ...same
}: RegistrationSnapshot): Static<typeof Registration> => ({
  ...same,
  contact: uri,
  path: [...path],
  ...(registeredAt !== undefined && { registered: momentJson(registeredAt) }),
  ...(expiresAt !== undefined && { expires: momentJson(expiresAt) }),
  ...(status !== undefined && { contact_status: status }),
  ...(roundtrip !== undefined && { roundtrip_usec: String(roundtrip) }),
});
