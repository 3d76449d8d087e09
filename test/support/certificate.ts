// Certificates that are made for one test: an authority, and who it vouches for.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';

export interface Identity {
  readonly key: string;
  readonly cert: string;
}

const days = (count: number): Date => new Date(Date.now() + count * 86_400_000);

/** `names`: of DNS. Signed by `issuer`, or by itself. */
export async function certificate(names: readonly string[], issuer?: Identity): Promise<Identity> {
  const altNames = names.map((value) =>
    value.startsWith('sip:')
      ? ({ type: 6, value } as const)
      : /^[\d.]+$/.test(value)
        ? ({ type: 7, ip: value } as const)
        : ({ type: 2, value } as const),
  );
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'authority' }], {
    keyType: 'ec',
    notAfterDate: days(1),
    notBeforeDate: days(-1),
    algorithm: 'sha256',
    ...(issuer && { ca: issuer }),
    extensions: [
      { name: 'basicConstraints', cA: names.length === 0, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: names.length === 0, critical: true },
      ...(altNames.length > 0 ? [{ name: 'subjectAltName' as const, altNames }] : []),
    ],
  });
  return { key: made.private, cert: made.cert };
}

export interface CertificateFiles extends Identity {
  readonly certFile: string;
  readonly keyFile: string;
}

/** For this machine, signed by itself, in files that are gone after the test. */
export async function certificateFiles(): Promise<CertificateFiles> {
  const identity = await certificate(['localhost', '127.0.0.1']);
  const folder = await mkdtemp(join(tmpdir(), 'arion-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(certFile, identity.cert);
  await writeFile(keyFile, identity.key);
  return { ...identity, certFile, keyFile };
}
