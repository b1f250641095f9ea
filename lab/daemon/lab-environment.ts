// SPDX-License-Identifier: Apache-2.0
import { LAB_VARIABLE, type StateDirectory } from './state-directory.ts';

const INHERITED = ['PATH', 'HOME', 'LANG', 'JAVA_HOME', 'TMPDIR', 'PACKER_PLUGIN_PATH'];

/** What the lab's scripts and machines get: its mark, and nothing of the caller's own AWS settings. */
export function labEnvironment(state: StateDirectory): Readonly<Record<string, string>> {
  const environment: Record<string, string> = { [LAB_VARIABLE]: state.path };
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
