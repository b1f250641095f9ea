// SPDX-License-Identifier: Apache-2.0
/**
 * The bill of materials of an executable, in CycloneDX: the output of `npm sbom` for the lock file, with only the
 * packages in the executable. npm's own selection (`--omit dev`) lacks packages that a development tool uses too.
 */
import { runProgram } from '../tools/program.ts';
import type { CarriedPackage } from './carried.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
}

interface Bom {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const WORDS = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only', '--offline'];

/** Without a time and a random number, so that the same packages give the same bytes. */
export async function bomText(root: string, packages: readonly CarriedPackage[]): Promise<string> {
  const output = await runProgram('npm', [...WORDS, '--logs-max', '0'], { directory: root });
  const { serialNumber: _, ...bom } = JSON.parse(output) as Bom;
  const { timestamp: __, ...metadata } = bom.metadata;
  const carried = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const components = bom.components.filter(({ name, version }) => carried.has(`${name}@${version}`));
  const missing = [...carried].filter((ref) => !components.some(({ name, version }) => `${name}@${version}` === ref));
  if (missing.length > 0) {
    throw new Error(`npm sbom does not name ${missing.join(', ')}, which the executable carries.`);
  }
  const refs = new Set(components.map((component) => component['bom-ref']));
  const own = metadata.component['bom-ref'];
  const dependencies = bom.dependencies
    .filter(({ ref }) => ref === own || refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  // npm takes the name from the folder of the checkout.
  const component = { ...metadata.component, name: 'zk-agent' };
  return `${JSON.stringify({ ...bom, metadata: { ...metadata, component }, components, dependencies }, null, 2)}\n`;
}
