// SPDX-License-Identifier: Apache-2.0
/** Facts from the name of an instance type: `<family><generation><attributes>.<size>`, as in `c7gn.xlarge`. */
import type { Architecture } from './template-options.ts';

/**
 * The architecture of an instance type, by its name. A `g` right after the generation means Graviton, and the first Arm
 * family is a1. Undefined for types on which our Linux images do not run, and for names of another form.
 */
export function architectureOf(instanceType: string): Architecture | undefined {
  const [, family, attributes] = /^([a-z]+)\d+([a-z0-9-]*)\.[a-z0-9-]+$/.exec(instanceType) ?? [];
  if (family === undefined || attributes === undefined) {
    // High memory types have names with their memory: u-6tb1.metal.
    return /^u-\d+tb\d\.[a-z0-9]+$/.test(instanceType) ? 'x86_64' : undefined;
  }
  if (family === 'mac') return undefined;
  return attributes.startsWith('g') || family === 'a' ? 'arm64' : 'x86_64';
}

/** Enough for a small ensemble; both have two cores and 2 GiB. */
export const DEFAULT_INSTANCE_TYPE: Readonly<Record<Architecture, string>> = {
  x86_64: 't3.small',
  arm64: 't4g.small',
};
