// SPDX-License-Identifier: Apache-2.0
/** From the flags and the environment to the client. */
import { readFile } from 'node:fs/promises';
import { type ClientOptions, connect, type SaslUser, type TlsOptions, type ZookeeperClient } from '../client/index.ts';
import type { ZkFlags } from './command-line.ts';
import { ZkError } from './zk-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A client with a session, logged in. */
export async function openClient(
  flags: ZkFlags,
  environment: Environment,
  signal: AbortSignal,
): Promise<ZookeeperClient> {
  const logins = loginsOf(flags, environment);
  const client = await connect(await optionsOf(flags, environment), { signal });
  try {
    for (const { scheme, auth } of logins) await client.addAuth(scheme, auth, { signal });
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function optionsOf(flags: ZkFlags, environment: Environment): Promise<ClientOptions> {
  const timeoutMs = Number(flags.timeoutMs);
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    throw new ZkError('BAD_OPTION', '--timeout-ms has to be a whole number from 1.');
  }
  const servers = textOf(flags.servers) ?? environment.ZK_SERVERS;
  const sasl = saslOf(textOf(flags.sasl) ?? environment.ZK_SASL);
  const tls = await tlsOf(flags, environment);
  return {
    ...(servers === undefined ? {} : { servers }),
    ...(sasl === undefined ? {} : { sasl }),
    ...(tls === undefined ? {} : { tls }),
    connectLimitMs: timeoutMs,
    requestTimeoutMs: timeoutMs,
  };
}

async function tlsOf(flags: ZkFlags, environment: Environment): Promise<TlsOptions | undefined> {
  const [ca, cert, key, servername] = [flags.ca, flags.cert, flags.key, flags.servername].map(textOf);
  const wanted = flags.tls === true || [ca, cert, key, servername].some((each) => each !== undefined);
  if (!wanted) return undefined;
  const passphrase = environment.ZK_KEY_PASSPHRASE;
  return {
    ...(ca === undefined ? {} : { ca: await readFile(ca) }),
    ...(cert === undefined ? {} : { cert: await readFile(cert) }),
    ...(key === undefined ? {} : { key: await readFile(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function loginsOf(flags: ZkFlags, environment: Environment): readonly { scheme: string; auth: string }[] {
  const given = Array.isArray(flags.auth) ? flags.auth.map(String) : [];
  const texts = given.length === 0 && environment.ZK_AUTH !== undefined ? [environment.ZK_AUTH] : given;
  return texts.map((text) => {
    const colon = text.indexOf(':');
    if (colon < 1) throw new ZkError('BAD_OPTION', '--auth has the form digest:user:password.');
    return { scheme: text.slice(0, colon), auth: text.slice(colon + 1) };
  });
}

function saslOf(text: string | undefined): SaslUser | undefined {
  if (text === undefined) return undefined;
  const colon = text.indexOf(':');
  if (colon < 1) throw new ZkError('BAD_OPTION', '--sasl has the form user:password.');
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
