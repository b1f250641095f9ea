// SPDX-License-Identifier: Apache-2.0
// Every function of zookeeper-cluster-client, on a real server. `node cluster-client.cjs <host:port> <root>`
'use strict';

const zookeeper = require('zookeeper-cluster-client');
const { main, record } = require('./record.cjs');

const [, , server, root] = process.argv;

async function ask(client, method, ...given) {
  const name = `${method} ${given[0]}`;
  try {
    record(name, await client[method](...given));
  } catch (error) {
    record(`${name} failed`, error);
  }
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

async function clientFor(connectionString) {
  const client = zookeeper.createClient(connectionString, { sessionTimeout: 20_000 });
  client.on('error', (error) => record('error', error));
  client.connect();
  await client.ready();
  return client;
}

async function requests(client) {
  const { ACL, CreateMode, Id, Permission } = zookeeper;
  await ask(client, 'create', '/a', Buffer.from('a'));
  await ask(client, 'create', '/null');
  await ask(client, 'create', '/own', Buffer.from('o'), ACL.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
  await ask(client, 'create', '/a');
  await ask(client, 'mkdirp', '/b/c/d', Buffer.from('b'));
  await ask(client, 'mkdirp', '/own/below');
  await ask(client, 'exists', '/a');
  await ask(client, 'exists', '/missing');
  await ask(client, 'getData', '/a');
  await ask(client, 'getData', '/null');
  await ask(client, 'getData', '/a', { withStat: true });
  await ask(client, 'getData', '/missing');
  await ask(client, 'getChildren', '/b');
  await ask(client, 'getChildren', '/b', { withStat: true });
  await ask(client, 'setData', '/a', Buffer.from('b'));
  await ask(client, 'setData', '/a', Buffer.from('c'), 1);
  await ask(client, 'setData', '/a', Buffer.from('d'), 1);
  await ask(client, 'setACL', '/a', [new ACL(Permission.ALL, Id.ANYONE_ID_UNSAFE)], 0);
  await ask(client, 'setACL', '/a', [new ACL(Permission.ALL, Id.ANYONE_ID_UNSAFE)], 0);
  await ask(client, 'getACL', '/a');
  await ask(client, 'getACL', '/a', { withStat: true });
  await ask(client, 'remove', '/b');
  await ask(client, 'remove', '/b/c/d', 0);
}

async function watchers(client) {
  const once = listener('watcher');
  await client.getData('/a', once.listen);
  await client.setData('/a', Buffer.from('e'));
  await once.next();
  await client.getChildren('/b', once.listen);
  await client.create('/b/x');
  await once.next();
  await client.exists('/later', once.listen);
  await client.create('/later');
  await once.next();

  const data = listener('watch');
  client.watch('/a', data.listen);
  await data.next();
  await client.setData('/a', Buffer.from('f'));
  await data.next();
  client.unWatch('/a', data.listen);
  const children = listener('watchChildren');
  client.watchChildren('/b', { retryDelay: 1_000 }, children.listen);
  await children.next();
  await client.create('/b/y');
  await children.next();
  client.unWatchChildren('/b');
  client.watch('/later', data.listen);
  await data.next();
  client.unWatchAll();
  await client.remove('/later');
}

main(async () => {
  record('exports', Object.keys(zookeeper).sort());
  const outside = await clientFor(server);
  await outside.mkdirp(root);

  const client = await clientFor(server + root);
  record('session', client.getSessionId().length, client.getSessionPassword().length, client.getSessionTimeout());
  record('state', String(client.getState()), client.getState());
  const seen = listener('connected');
  client.on('connected', seen.listen);
  client.once('connected', seen.listen);
  await requests(client);
  await watchers(client);
  await client.close();
  record('closed');
  await outside.close();
});
