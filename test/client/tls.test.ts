// SPDX-License-Identifier: Apache-2.0
/** TLS and mutual TLS, on real servers with certificates made here. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ClientOptions, TlsFailedError, ZookeeperClient } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { emptyEnsemble, type RealEnsemble } from '../support/real-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Certificate, newAuthority, signedBy } from './certificates.ts';
import { FakeServer } from './fake-server.ts';
import { LossyProxy } from './lossy-proxy.ts';

const LIMIT = { timeout: 60_000 };
const SECURE_PORT = 2281;

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let authority: Certificate;
let stranger: Certificate;
let mine: Certificate;
let foreign: Certificate;
/** Asks its clients for no certificate. */
let lenient: RealEnsemble;
/** Takes nobody without one. */
let strict: RealEnsemble;

async function secureServer(server: Certificate, clientAuth: 'none' | 'need'): Promise<RealEnsemble> {
  const ensemble = await emptyEnsemble(1);
  const ssl = {
    'keyStore.location': server.bothFile,
    'keyStore.type': 'PEM',
    'trustStore.location': authority.certFile,
    'trustStore.type': 'PEM',
    clientAuth,
  };
  const started = await ensemble.start(1, {
    start: 'genesis',
    members: ensemble.members,
    moreLines: [`secureClientPort=${SECURE_PORT}`, `secureClientPortAddress=${ensemble.block.address(1)}`],
    jvmOptions: [
      '-Dzookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
      ...Object.entries(ssl).map(([key, value]) => `-Dzookeeper.ssl.${key}=${value}`),
    ],
  });
  try {
    await started.untilServing();
    return ensemble;
  } catch (error) {
    await ensemble[Symbol.asyncDispose]();
    throw error;
  }
}

before(async () => {
  directory = await temporaryDirectory();
  const { path } = directory;
  [authority, stranger] = await Promise.all([newAuthority(path, 'authority'), newAuthority(path, 'stranger')]);
  // A server by any loopback address; the name is for those who ask for it.
  const addresses = Array.from({ length: 4 }, (_, index) => `IP:127.0.0.${index + 1}`).join(',');
  const [server, known, unknown] = await Promise.all([
    signedBy(authority, path, 'server', `${addresses},DNS:zookeeper.test`),
    signedBy(authority, path, 'client', 'DNS:client'),
    signedBy(stranger, path, 'foreign', 'DNS:client'),
  ]);
  [mine, foreign] = [known, unknown];
  // One after the other, so that the first is ended when the second does not start.
  lenient = await secureServer(server, 'none');
  strict = await secureServer(server, 'need');
});

after(async () => {
  await Promise.all([lenient?.[Symbol.asyncDispose](), strict?.[Symbol.asyncDispose]()]);
  await directory[Symbol.asyncDispose]();
});

/** Through a proxy at 127.0.0.1, which the certificate is for. */
async function through(ensemble: RealEnsemble): Promise<LossyProxy> {
  return LossyProxy.start(ensemble.server(1).address, SECURE_PORT);
}

test('a client that knows the authority speaks TLS, and keeps its session over a lost connection', LIMIT, async () => {
  await using proxy = await through(lenient);
  const tls = { ca: authority.cert };
  await using client = await ZookeeperClient.connect({ servers: proxy.address, tls, sessionTimeoutMs: 20_000 });
  const { sessionId } = client;
  await client.create('/secret', { data: Buffer.alloc(500_000, 'x'), ephemeral: true });
  proxy.cut();
  const reads = Array.from({ length: 20 }, async () => (await client.get('/secret')).data.length);
  await Promise.allSettled(reads);
  assert.equal((await client.get('/secret')).data.length, 500_000);
  assert.equal(client.sessionId, sessionId);
});

test('a client that asks for the name in the certificate reaches the server at an address', LIMIT, async () => {
  const servers = [{ host: lenient.server(1).address, port: SECURE_PORT }];
  const tls = { ca: [stranger.cert, Buffer.from(authority.cert)], servername: 'zookeeper.test' };
  await using client = await ZookeeperClient.connect({ servers, tls });
  assert.notEqual(await client.exists('/'), undefined);
});

test('a server that demands a certificate knows the client by it', LIMIT, async () => {
  await using proxy = await through(strict);
  const tls = { ca: authority.cert, cert: mine.cert, key: mine.key };
  await using client = await ZookeeperClient.connect({ servers: proxy.address, tls });
  const identities = await client.whoAmI();
  assert.deepEqual(
    identities.filter(({ scheme }) => scheme === 'x509'),
    [{ scheme: 'x509', user: 'CN=client' }],
  );
});

const REFUSED: readonly (readonly [string, () => RealEnsemble, () => ClientOptions['tls'], RegExp])[] = [
  [
    'a server whose authority is not known',
    () => lenient,
    () => ({ ca: stranger.cert }),
    /certificate of the server is not accepted: .*UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
  ],
  [
    'a server, when only public authorities are known',
    () => lenient,
    () => ({}),
    /certificate of the server is not accepted/,
  ],
  [
    'a server under another name',
    () => lenient,
    () => ({ ca: authority.cert, servername: 'other.test' }),
    /not accepted: .*other\.test.*ERR_TLS_CERT_ALTNAME_INVALID/,
  ],
  ['a client without the certificate that the server demands', () => strict, () => ({ ca: authority.cert }), /refused/],
  [
    'a client with a certificate of another authority',
    () => strict,
    () => ({ ca: authority.cert, cert: foreign.cert, key: foreign.key }),
    /refused/,
  ],
];

for (const [what, ensemble, tls, message] of REFUSED) {
  test(`refused at once: ${what}`, LIMIT, async () => {
    await using proxy = await through(ensemble());
    const options = { servers: proxy.address, tls: tls() ?? {}, connectLimitMs: 50_000 };
    const startMs = performance.now();
    await assert.rejects(ZookeeperClient.connect(options), (error: Error) => {
      assert.ok(error instanceof TlsFailedError, String(error));
      assert.equal(error.code, 'TLS_FAILED');
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(proxy.address));
      assert.ok(error.cause instanceof Error);
      return true;
    });
    assert.ok(performance.now() - startMs < 25_000, 'it did not wait for its limit');
  });
}

test('one server that is refused does not stop the client from reaching another', LIMIT, async () => {
  await using good = await through(lenient);
  await using bad = await through(strict);
  const tls = { ca: authority.cert };
  for (let index = 0; index < 4; index++) {
    await using client = await ZookeeperClient.connect({ servers: `${bad.address},${good.address}`, tls });
    assert.equal(client.status.kind, 'connected');
  }
});

test('TLS to a plain port, and plain to a secure one, end with NO_SERVER', LIMIT, async () => {
  const { address } = lenient.server(1);
  const limits = { connectLimitMs: 1_000, handshakeTimeoutMs: 400 };
  const plain = { servers: `${address}:${SECURE_PORT}`, ...limits };
  await assert.rejects(ZookeeperClient.connect(plain), { code: 'NO_SERVER' });
  const secure = { servers: `${address}:${CLIENT_PORT}`, tls: { ca: authority.cert }, ...limits };
  await assert.rejects(ZookeeperClient.connect(secure), { code: 'NO_SERVER' });
});

test('certificates that can not be used are refused before anything is done', async () => {
  await using fake = await FakeServer.start(() => {});
  const bad: readonly NonNullable<ClientOptions['tls']>[] = [
    { cert: mine.cert },
    { key: mine.key },
    { cert: mine.cert, key: foreign.key },
    { cert: 'no PEM', key: 'no PEM' },
  ];
  for (const tls of bad) {
    const attempt = ZookeeperClient.connect({ servers: fake.address, tls });
    await assert.rejects(attempt, { code: 'BAD_REQUEST', message: /^tls: / });
  }
  assert.equal(fake.connections, 0);
});
