// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSocket } from '../../src/client/socket.ts';
import { tlsSettingsOf } from '../../src/client/tls.ts';
import { FakeServer } from './fake-server.ts';

/**
 * The timer of the kernel for a socket of this machine: 2 is keepalive; and when it fires, in hundredths of a second.
 */
async function timerOf(localPort: number): Promise<readonly [number, number]> {
  const port = localPort.toString(16).toUpperCase().padStart(4, '0');
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  const line = lines.find(([, local, , state]) => local?.endsWith(`:${port}`) === true && state === '01');
  const [kind = '', when = ''] = line?.[5]?.split(':') ?? [];
  return [Number.parseInt(kind, 16), Number.parseInt(when, 16)];
}

for (const [what, settings] of [
  ['plain', {}],
  ['TLS', { tls: tlsSettingsOf({}) }],
] as const) {
  test(`the kernel probes an idle connection after a minute: ${what}`, { timeout: 60_000 }, async () => {
    await using fake = await FakeServer.start(() => {});
    const [host = '', port] = fake.address.split(':');
    const socket = openSocket({ host, port: Number(port) }, host, settings, () => {});
    try {
      await once(socket, 'connect');
      const { localPort } = socket;
      assert.ok(localPort !== undefined);
      let [kind, when] = await timerOf(localPort);
      // While bytes are under way there is another timer.
      for (let tries = 0; kind !== 2 && tries < 100; tries++) {
        await sleep(50);
        [kind, when] = await timerOf(localPort);
      }
      assert.equal(kind, 2);
      assert.ok(when > 0 && when <= 6_000, String(when));
    } finally {
      socket.destroy();
    }
  });
}
