// SPDX-License-Identifier: Apache-2.0
/** The bundles hold what Handlebars makes of the templates, and it writes the very same files. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bundleProgram } from '../../build/bundle.ts';
import { precompileTemplates } from '../../build/precompile-templates.ts';
import { type Member, memberAt } from '../../src/model/member.ts';
import { LAB_TICK, PRODUCTION_TICK } from '../../src/timings.ts';
import { renderDynamicConfig, renderZooCfg, type ZooCfg } from '../../src/zookeeper/zoo-cfg.ts';

const folder = await mkdtemp(join(tmpdir(), 'templates-'));
after(() => rm(folder, { recursive: true }));

interface Renderers {
  renderZooCfg(settings: ZooCfg): string;
  renderDynamicConfig(members: readonly Member[]): string;
}

test('a bundle writes the same config files as the source, without the compiler', async () => {
  const outfile = join(folder, 'zoo-cfg.cjs');
  const entry = join(import.meta.dirname, '../../src/zookeeper/zoo-cfg.ts');
  await bundleProgram({ entry, outfile, plugins: [precompileTemplates] });
  const bundled = createRequire(import.meta.url)(outfile) as Renderers;
  for (const tick of [PRODUCTION_TICK, LAB_TICK]) {
    const settings = { dataDir: '/var/lib/a & b', dynamicFile: "/etc/<zoo>'s/cfg.dynamic", tick };
    const text = renderZooCfg(settings);
    assert.ok(text.includes('dataDir=/var/lib/a & b\n'), text);
    assert.equal(bundled.renderZooCfg(settings), text);
    const onAll = renderZooCfg({ ...settings, onAllAddresses: true });
    assert.equal(bundled.renderZooCfg({ ...settings, onAllAddresses: true }), onAll);
    assert.equal(onAll.replace('quorumListenOnAllIPs=true\n', ''), text);
    assert.notEqual(onAll, text);
  }
  for (const ids of [[], [1], [1, 2, 3]]) {
    const members = ids.map((id) => memberAt(id, `10.0.0.${id}`, 'participant'));
    assert.equal(bundled.renderDynamicConfig(members), renderDynamicConfig(members));
  }
  const text = await readFile(outfile, 'utf8');
  assert.match(text, /handlebars\/dist\/cjs\/handlebars\/runtime\.js/);
  assert.doesNotMatch(text, /handlebars\/.*\/(compiler|parser)\b/);
});
