// SPDX-License-Identifier: Apache-2.0
import { LAB_VARIABLE, type StateDirectory } from './state-directory.ts';

const INHERITED = ['PATH', 'HOME', 'LANG', 'JAVA_HOME', 'TMPDIR', 'PACKER_PLUGIN_PATH'];

/** The environment of the lab's scripts and machines: the lab's mark, without the caller's own AWS settings. */
export function labEnvironment(state: StateDirectory): Readonly<Record<string, string>> {
  const environment: Record<string, string> = { [LAB_VARIABLE]: state.path };
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
