// TLS: what we show, whom we trust, and whether a certificate is for the one we mean (RFC 5922).
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureVersion,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import type { Place } from './flow.ts';

export interface TlsSettings {
  /** PEM. */
  readonly key: string;
  /** PEM; the chain follows our own certificate. */
  readonly cert: string;
  /** PEM: whom we trust, in place of the authorities that Node.js knows. */
  readonly ca?: string;
  /** Asks clients for a certificate. */
  readonly requestCert?: boolean;
  /** With `requestCert`: lets nobody in who shows none that we trust. True unless told otherwise. */
  readonly rejectUnauthorized?: boolean;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

const oldest = ({ minVersion = 'TLSv1.2' }: TlsSettings): SecureVersion => minVersion;

const shown = (settings: TlsSettings) => ({
  key: settings.key,
  cert: settings.cert,
  ...(settings.ca !== undefined && { ca: settings.ca }),
  minVersion: oldest(settings),
});

/** Throws OpenSSL's error when the key or the certificates are none. */
export function listeningOptions(settings: TlsSettings): TlsOptions {
  createSecureContext(shown(settings));
  const { requestCert = false, rejectUnauthorized = true } = settings;
  return { ...shown(settings), requestCert, rejectUnauthorized: requestCert && rejectUnauthorized };
}

/** Fails, as an error of the socket, when the other side cannot prove to be `name`, or to be at that address. */
export function connectSecurely(settings: TlsSettings, { address, port }: Place, name: string | undefined): TLSSocket {
  return connect({
    ...shown(settings),
    host: address,
    port,
    ...(name !== undefined && isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_host, certificate) => identityProblem(name ?? address, certificate),
  });
}

/** Undefined when the certificate is for that name. A SIP URI in it counts as well as a name of DNS (RFC 5922 7.1). */
export function identityProblem(name: string, certificate: PeerCertificate): Error | undefined {
  // What stands in quotes is one value of the certificate's, whatever it contains.
  const names = (certificate.subjectaltname ?? '').replace(/"(?:[^"\\]|\\.)*"/g, '""').split(', ');
  if (names.some((each) => each.toLowerCase() === `uri:sip:${name.toLowerCase()}`)) return undefined;
  return checkServerIdentity(name, certificate);
}
