// SPDX-License-Identifier: Apache-2.0
// Every method of the client, on a real server. `node direct.cjs <host:port> <root>`
'use strict';

const zookeeper = require('node-zookeeper-client');
const { main, record } = require('./record.cjs');

const [, , server, root] = process.argv;
const { ACL, CreateMode, Event, Exception, Id, Permission, State } = zookeeper;

function follow(client, name) {
  client.on('state', (state) => record(`${name} state`, String(state), String(client.getState())));
  for (const event of ['connected', 'connectedReadOnly', 'disconnected', 'expired', 'authenticationFailed']) {
    client.on(event, (...given) => record(`${name} ${event}`, ...given));
  }
}

// Records what comes to the callback, or what is thrown.
function ask(client, method, ...given) {
  return new Promise((resolve) => {
    const name = `${method} ${given.filter((argument) => typeof argument === 'string').join(' ')}`;
    try {
      const returned = client[method](...given, (...results) => {
        record(name, ...results);
        resolve(results);
      });
      if (returned !== undefined) record(`${name} returned`, returned);
    } catch (error) {
      record(`${name} threw`, error.name);
      resolve([error]);
    }
  });
}

function commit(transaction) {
  return new Promise((resolve) =>
    transaction.commit((error, results) => {
      record('commit', error, results);
      resolve();
    }),
  );
}

const watcherOf = (name) => (event) => record(`watcher ${name}`, event, event instanceof Event);

function exportsOf() {
  record('exports', Object.keys(zookeeper).sort());
  for (const part of [Permission, CreateMode, Exception, Event, ACL, Id]) record('export', { ...part });
  for (const [name, state] of Object.entries(State)) record('State', name, state, String(state));
  record('ACL', new ACL(Permission.READ | Permission.WRITE, new Id('ip', '127.0.0.1')));
  record('Event', new Event(Event.NODE_CREATED, 'NODE_CREATED', '/a'));
  for (const path of ['/a', undefined]) record('Exception', new Exception(Exception.NO_NODE, 'NO_NODE', path, main));
  const wrong = [
    () => new ACL(),
    () => new ACL(0, Id.ANYONE_ID_UNSAFE),
    () => new ACL(1, {}),
    () => new Id(),
    () => new Exception(),
    () => new Event(),
    () => zookeeper.createClient(),
    () => zookeeper.createClient(''),
    () => zookeeper.createClient(server, 5),
  ];
  for (const make of wrong) {
    try {
      make();
      record('threw nothing', String(make));
    } catch (error) {
      record('threw', error.name);
    }
  }
}

async function createAndRead(client) {
  await ask(client, 'create', '/a', Buffer.from('a'));
  await ask(client, 'create', '/null');
  await ask(client, 'create', '/empty', Buffer.alloc(0));
  await ask(client, 'create', '/text', 'passed over');
  await ask(client, 'create', '/mixed', ACL.READ_ACL_UNSAFE, Buffer.from('m'), CreateMode.PERSISTENT);
  await ask(client, 'create', '/own', CreateMode.EPHEMERAL, Buffer.from('o'), ACL.OPEN_ACL_UNSAFE);
  await ask(client, 'create', '/n-', null, CreateMode.PERSISTENT_SEQUENTIAL);
  await ask(client, 'create', '/n-', CreateMode.EPHEMERAL_SEQUENTIAL);
  await ask(client, 'create', '/mode', 9);
  await ask(client, 'create', '/a');
  await ask(client, 'create', '/missing/child');
  for (const path of ['/a', '/null', '/empty', '/text', '/mixed', '/own', '/missing', '/']) {
    await ask(client, 'getData', path);
    await ask(client, 'exists', path);
    await ask(client, 'getACL', path);
  }
  const [, children] = await ask(client, 'getChildren', '/own');
  record('children', children);
  await ask(client, 'getChildren', '/missing');
  for (const path of ['', 'a', '/a/', '/a//b', '/a/../b', undefined, 5]) await ask(client, 'getData', path);
}

async function change(client) {
  await ask(client, 'setData', '/a', Buffer.from('b'));
  await ask(client, 'setData', '/a', Buffer.from('c'), 1);
  await ask(client, 'setData', '/a', Buffer.from('d'), 1);
  await ask(client, 'setData', '/a', Buffer.from('d'), null);
  await ask(client, 'setData', '/a', 'text');
  await ask(client, 'setData', '/missing', Buffer.from('d'), -1);
  const acls = [new ACL(Permission.ALL, Id.ANYONE_ID_UNSAFE), new ACL(Permission.READ, new Id('ip', '127.0.0.1'))];
  await ask(client, 'setACL', '/a', acls);
  await ask(client, 'getACL', '/a');
  await ask(client, 'setACL', '/a', ACL.OPEN_ACL_UNSAFE, 7);
  await ask(client, 'setACL', '/a', [new ACL(1, new Id('nonsense', 'x'))]);
  await ask(client, 'setACL', '/a', []);
  await ask(client, 'remove', '/a', 0);
  await ask(client, 'remove', '/a', 'x');
  await ask(client, 'remove', '/missing');
  await ask(client, 'remove', '/a');
}

async function trees(client) {
  await ask(client, 'mkdirp', '/m/n/o');
  await ask(client, 'mkdirp', '/m/n/o');
  await ask(client, 'mkdirp', '/d/e', Buffer.from('d'), ACL.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
  await ask(client, 'getData', '/d');
  await ask(client, 'mkdirp', '/own/below/it');
  await ask(client, 'mkdirp', '/s/t', CreateMode.PERSISTENT_SEQUENTIAL);
  await ask(client, 'mkdirp', '/');
  await ask(client, 'remove', '/m');
  // The old client lists and removes one level alone.
  await ask(client, 'listSubTreeBFS', '/d');
  await ask(client, 'listSubTreeBFS', '/own');
  await ask(client, 'removeRecursive', '/d', 5);
  await ask(client, 'removeRecursive', '/d');
  await ask(client, 'exists', '/d');
  await ask(client, 'removeRecursive', '/missing');
}

async function transactions(client) {
  const all = client.transaction().create('/t').create('/t/e-', Buffer.from('1'), CreateMode.EPHEMERAL_SEQUENTIAL);
  await commit(all.setData('/t', Buffer.from('2')).setData('/t', null, 1).check('/t').check('/t', 2).remove('/m/n/o'));
  await commit(client.transaction().create('/u').remove('/missing', -1).create('/v'));
  await commit(client.transaction().setData('/t', null, 77));
  await commit(client.transaction());
  const twice = client.transaction().create('/w');
  await commit(twice);
  await commit(twice);
}

async function watches(client) {
  const [first, second] = [watcherOf('first'), watcherOf('second')];
  await ask(client, 'getData', '/t', first);
  await ask(client, 'getData', '/t', first);
  await ask(client, 'exists', '/t', first);
  await ask(client, 'getData', '/t', second);
  await ask(client, 'getChildren', '/t', first);
  await ask(client, 'setData', '/t', Buffer.from('w'));
  await ask(client, 'setData', '/t', Buffer.from('x'));
  await ask(client, 'create', '/t/child');
  await ask(client, 'exists', '/later', first);
  await ask(client, 'exists', '/later', second);
  await ask(client, 'create', '/later');
  await ask(client, 'getData', '/missing', first);
  await ask(client, 'getData', '/later', first);
  await ask(client, 'getChildren', '/later', first);
  await ask(client, 'getChildren', '/later', second);
  await ask(client, 'remove', '/later');
  await ask(client, 'getData', '/t', null);
}

async function inTheirOrder(client) {
  const order = [];
  const told = (name) => new Promise((resolve) => order.push([name, resolve]));
  const seen = [];
  const all = ['exists', 'create', 'children', 'commit', 'set'].map(told);
  const tell = (name) => () => {
    seen.push(name);
    order.find(([other]) => other === name)[1]();
  };
  client.exists('/t', () => {}, tell('exists'));
  client.create('/order', tell('create'));
  client.getChildren('/t', tell('children'));
  client.transaction().create('/order2').commit(tell('commit'));
  client.setData('/order', Buffer.from('x'), tell('set'));
  await Promise.all(all);
  record('order', seen);
}

async function authentication(client) {
  client.addAuthInfo('digest', Buffer.from('user:secret'));
  await ask(client, 'create', '/mine', ACL.CREATOR_ALL_ACL);
  await ask(client, 'getACL', '/mine');
  await ask(client, 'setData', '/mixed', Buffer.from('x'));
  for (const given of [[], ['digest'], ['digest', 'text'], [5, Buffer.from('x')]]) {
    try {
      client.addAuthInfo(...given);
    } catch {
      record('addAuthInfo threw');
    }
  }
}

async function ending(client) {
  const last = [ask(client, 'exists', '/t'), ask(client, 'create', '/last')];
  const ended = new Promise((resolve) => client.once('state', resolve));
  client.close();
  record('after close', String(client.getState()));
  await Promise.all([...last, ended]);
  await ask(client, 'exists', '/t');
}

async function refused() {
  const client = zookeeper.createClient(server);
  follow(client, 'refused');
  client.connect();
  await new Promise((resolve) => client.once('connected', resolve));
  const ended = new Promise((resolve) => client.once('disconnected', () => setImmediate(resolve)));
  client.addAuthInfo('nonsense', Buffer.from('x'));
  await ended;
  await ask(client, 'exists', '/');
}

main(async () => {
  exportsOf();
  const outside = zookeeper.createClient(server);
  outside.connect();
  await new Promise((resolve) => outside.mkdirp(root, resolve));
  const client = zookeeper.createClient(server + root, { sessionTimeout: 20_000, spinDelay: 100, retries: 1 });
  record('before', String(client.getState()), client.getSessionId(), client.getSessionPassword().length);
  record('before', client.getSessionTimeout());
  follow(client, 'client');
  const early = ask(client, 'exists', '/');
  client.connect();
  await early;
  record('session', client.getSessionId().length, client.getSessionPassword().length, client.getSessionTimeout());
  await createAndRead(client);
  await change(client);
  await trees(client);
  await transactions(client);
  await watches(client);
  await inTheirOrder(client);
  await authentication(client);
  await ending(client);
  await refused();
});
