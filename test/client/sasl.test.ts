// SPDX-License-Identifier: Apache-2.0
/** SASL DIGEST-MD5: the RFC's own example, a real server with users, and servers that answer badly. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf, directivesOf, quoted } from '../../src/client/digest-md5.ts';
import { AuthFailedError, ServerError, ZookeeperClient } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { realEnsemble } from '../support/real-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { FakeServer, int, reply, text } from './fake-server.ts';
import { LossyProxy } from './lossy-proxy.ts';

const LIMIT = { timeout: 60_000 };

test('the example of RFC 2831, section 4', () => {
  const input = {
    username: 'chris',
    password: 'secret',
    realm: 'elwood.innosoft.com',
    nonce: 'OA6MG9tEQGm2hh',
    cnonce: 'OA6MHXh6VqTrRk',
    uri: 'imap/elwood.innosoft.com',
  };
  assert.equal(digestOf(input, 'AUTHENTICATE'), 'd388dad90d4bbd760a152321f2143af7');
  assert.equal(digestOf(input, ''), 'ea40f60335c427b5527b84dbabcdfffd');
});

test('directives are read, quoted ones too', () => {
  const text = 'realm="a, \\"b\\" \\\\",nonce="x==",qop="auth",charset=utf-8,algorithm=md5-sess,nonce=other';
  assert.deepEqual(
    [...directivesOf(text)],
    [
      ['realm', 'a, "b" \\'],
      ['nonce', 'x=='],
      ['qop', 'auth'],
      ['charset', 'utf-8'],
      ['algorithm', 'md5-sess'],
    ],
  );
  assert.equal(quoted('a "b" \\'), '"a \\"b\\" \\\\"');
  assert.equal(directivesOf('').size, 0);
});

test('users of a real server log in on every connection, others are refused at once', LIMIT, async () => {
  await using folder = await temporaryDirectory();
  const jaas = join(folder.path, 'jaas.conf');
  const module = 'org.apache.zookeeper.server.auth.DigestLoginModule required';
  await writeFile(jaas, `Server { ${module} user_alice="secret"; };\n`, 'utf8');
  await using ensemble = await realEnsemble(1, {
    jvmOptions: [
      `-Djava.security.auth.login.config=${jaas}`,
      '-Dzookeeper.authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
    ],
  });
  await using proxy = await LossyProxy.start(ensemble.server(1).address, CLIENT_PORT);
  const servers = proxy.address;
  const sasl = { username: 'alice', password: 'secret' };
  await using client = await ZookeeperClient.connect({ servers, sasl, sessionTimeoutMs: 20_000 });
  const identities = async () => (await client.whoAmI()).filter(({ scheme }) => scheme === 'sasl');
  assert.deepEqual(await identities(), [{ scheme: 'sasl', user: 'alice' }]);
  const acl = [{ permissions: 31, scheme: 'sasl', id: 'alice' }];
  await client.create('/mine', { acl });
  const { watch } = await client.getAndWatch('/mine');
  await using other = await ZookeeperClient.connect({ servers, sessionTimeoutMs: 20_000 });
  await assert.rejects(other.get('/mine'), { code: 'NO_AUTH' });
  proxy.cut();
  assert.equal((await watch.next()).value?.kind, 'disconnected');
  assert.deepEqual(await identities(), [{ scheme: 'sasl', user: 'alice' }]);
  await client.set('/mine', Buffer.alloc(1));
  const events: string[] = [];
  for await (const event of watch) events.push(event.kind);
  assert.deepEqual(events, ['rearmed', 'changed']);
  for (const bad of [
    { username: 'alice', password: 'wrong' },
    { username: 'nobody', password: 'secret' },
  ]) {
    await assert.rejects(ZookeeperClient.connect({ servers, sasl: bad }), (error: Error) => {
      assert.ok(error instanceof AuthFailedError);
      assert.equal(error.code, 'AUTH_FAILED');
      assert.ok(error.cause instanceof ServerError);
      return true;
    });
  }
});

const CHALLENGE = 'realm="r",nonce="n",qop="auth",charset=utf-8,algorithm=md5-sess';
const BAD_SERVERS: readonly (readonly [string, readonly Buffer[], RegExp])[] = [
  ['has no SASL', [int(-1)], /offers no SASL/],
  ['sends a challenge without a nonce', [text('realm="r"')], /offers no SASL/],
  ['does not know the password', [text(CHALLENGE), text('rspauth=00')], /did not prove/],
  ['proves nothing', [text(CHALLENGE), int(-1)], /did not prove/],
];

for (const [what, tokens, message] of BAD_SERVERS) {
  test(`a server that ${what} ends the client before anything is sent to it`, LIMIT, async () => {
    const opcodes: number[] = [];
    await using fake = await FakeServer.start(async (peer) => {
      await peer.greet();
      for (const token of tokens) {
        const { xid, opcode } = await peer.call();
        opcodes.push(opcode);
        peer.socket.write(reply(xid, token));
      }
      opcodes.push((await peer.call()).opcode);
    });
    const sasl = { username: 'u', password: 'p' };
    const connecting = ZookeeperClient.connect({ servers: fake.address, sasl });
    await assert.rejects(connecting, { code: 'AUTH_FAILED', message });
    assert.deepEqual(
      opcodes,
      tokens.map(() => 102),
    );
    assert.equal(fake.connections, 1);
  });
}

test('a server that is silent in the exchange, or cuts its token short, is left', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer, number) => {
    await peer.greet();
    const { xid } = await peer.call();
    if (number % 2 === 0) peer.socket.write(reply(xid, text(CHALLENGE).subarray(0, 9)));
    await peer.call();
  });
  const sasl = { username: 'u', password: 'p' };
  const options = { servers: fake.address, sasl, connectLimitMs: 500, handshakeTimeoutMs: 100 };
  await assert.rejects(ZookeeperClient.connect(options), { code: 'NO_SERVER' });
  assert.ok(fake.connections >= 2);
});
