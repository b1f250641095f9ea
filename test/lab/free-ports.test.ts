// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { mustBeFree } from '../../lab/daemon/free-ports.ts';

test('a port that another program has is named before a lab starts; once it is free, nothing is said', async () => {
  const other = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await assert.rejects(mustBeFree('127.0.0.1', [port]), new RegExp(`has port ${port} .*ss -ltnp sport = :${port}`));
  other.close();
  await once(other, 'close');
  await mustBeFree('127.0.0.1', [port]);
});
