// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** The files of one certificate, and what is in them. */
export interface Certificate {
  readonly certFile: string;
  /** The key and then the certificate, as a server wants them. */
  readonly bothFile: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority that signs itself. */
export async function newAuthority(directory: string, name: string): Promise<Certificate> {
  return made(directory, name, ['-x509', ...NEW_KEY, '-subj', `/CN=${name}`]);
}

/** `names` is what it is for, such as `IP:127.0.0.1,DNS:server`. */
export async function signedBy(
  authority: Certificate,
  directory: string,
  name: string,
  names: string,
): Promise<Certificate> {
  const signed = ['-CA', authority.certFile, '-CAkey', authority.bothFile, '-addext', `subjectAltName=${names}`];
  const leaf = ['-addext', 'basicConstraints=critical,CA:false'];
  return made(directory, name, ['-x509', ...NEW_KEY, '-subj', `/CN=${name}`, ...signed, ...leaf]);
}

async function made(directory: string, name: string, options: readonly string[]): Promise<Certificate> {
  const certFile = join(directory, `${name}.cert.pem`);
  const keyFile = join(directory, `${name}.key.pem`);
  const bothFile = join(directory, `${name}.pem`);
  await run('openssl', ['req', ...options, '-keyout', keyFile, '-out', certFile]);
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  await writeFile(bothFile, key + cert, 'utf8');
  return { certFile, bothFile, cert, key };
}
