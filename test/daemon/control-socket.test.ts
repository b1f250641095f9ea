// SPDX-License-Identifier: Apache-2.0
/** The way from a lab's command line to its daemon. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { callControl, serveControl } from '../../lab/daemon/control-socket.ts';

const directory = mkdtempSync(join(tmpdir(), 'control-socket-'));
after(() => rmSync(directory, { recursive: true }));

test('a socket that is there listens: whoever sees it is not refused', async () => {
  const starting = serveControl(directory, 'control.sock', async ({ verb }) => `did ${verb}`);
  const early = existsSync(join(directory, 'control.sock'));
  const server = await starting;
  try {
    assert.equal(early, false, 'It is bound, and does not listen yet.');
    assert.equal(await callControl(directory, 'control.sock', { verb: 'status', arguments: {} }), 'did status');
  } finally {
    server.close();
  }
});
