// SPDX-License-Identifier: Apache-2.0
// Every function of zookeeper-watcher, on a real server. `node watcher.cjs <host:port> <root>`
'use strict';

const zookeeper = require('node-zookeeper-client');
const Watcher = require('zookeeper-watcher');
const { main, record } = require('./record.cjs');

const [, , server, root] = process.argv;

function ask(client, method, ...given) {
  return new Promise((resolve) => {
    try {
      client[method](...given, (...results) => {
        record(`${method} ${given[0]}`, ...results);
        resolve(results);
      });
    } catch (error) {
      record(`${method} ${given[0]} threw`, error.name);
      resolve([error]);
    }
  });
}

// A listener, and a function that waits for its next call.
function listener(name) {
  const calls = [];
  const waiting = [];
  const listen = (...results) => {
    record(name, ...results);
    calls.push(results);
    waiting.shift()?.();
  };
  let seen = 0;
  const next = async () => {
    seen += 1;
    if (calls.length < seen) await new Promise((resolve) => waiting.push(resolve));
  };
  return { listen, next };
}

main(async () => {
  record('functions', Object.keys(Watcher.prototype).sort());
  const outside = zookeeper.createClient(server);
  outside.connect();
  await new Promise((resolve) => outside.mkdirp(root, resolve));

  const client = new Watcher({ hosts: [server], root, sessionTimeout: 20_000 });
  for (const event of ['connected', 'connectedReadOnly', 'expired', 'authenticationFailed']) {
    client.on(event, (...given) => record(`event ${event}`, ...given));
  }
  await new Promise((resolve) => client.once('connected', resolve));
  record('session', client.getSessionId().length, client.getSessionPassword().length, client.getSessionTimeout());
  record('state', String(client.getState()));

  await ask(client, 'create', '/a', Buffer.from('a'));
  await ask(client, 'create', '/a');
  await ask(client, 'mkdirp', '/b/c/d', Buffer.from('b'));
  await ask(client, 'exists', '/a');
  await ask(client, 'exists', '/missing');
  await ask(client, 'getChildren', '/b');
  await ask(client, 'getData', '/a');
  await ask(client, 'get', '/b/c');
  await ask(client, 'get', '/missing');
  await ask(client, 'set', '/a', 'text', -1);
  await ask(client, 'set', '/a', 'text', 9);
  await ask(client, 'setData', '/a', Buffer.from('data'), 1);
  // Without a version it passes null on, which no client takes.
  await ask(client, 'set', '/a', 'text');
  await ask(client, 'setACL', '/a', [new zookeeper.ACL(zookeeper.Permission.ALL, zookeeper.Id.ANYONE_ID_UNSAFE)], 0);
  await ask(client, 'getACL', '/a');
  await new Promise((resolve) => {
    const transaction = client.transaction().create('/t').setData('/t', Buffer.from('t')).check('/t', 1);
    transaction.remove('/b/c/d').commit((...results) => {
      record('commit', ...results);
      resolve();
    });
  });
  client.addAuthInfo('digest', Buffer.from('user:secret'));
  await ask(client, 'create', '/mine', zookeeper.ACL.CREATOR_ALL_ACL);

  const first = listener('watch /a');
  const second = listener('watch /a, again');
  client.watch('/a', first.listen);
  await first.next();
  client.watch('/a', second.listen);
  for (const text of ['one', 'two']) {
    await ask(client, 'setData', '/a', Buffer.from(text), -1);
    await Promise.all([first.next(), second.next()]);
  }
  client.unWatch('/a');
  await ask(client, 'setData', '/a', Buffer.from('unheard'), -1);
  const missing = listener('watch /missing');
  client.watch('/missing', missing.listen);
  await missing.next();
  await ask(client, 'remove', '/a');
  await new Promise((resolve) => client.close(resolve));
  record('closed', String(client.getState()));

  const other = Watcher({ connectionString: server + root });
  await new Promise((resolve) => other.once('connected', resolve));
  await ask(other, 'getData', '/t');
  await new Promise((resolve) => other.close(resolve));
});
