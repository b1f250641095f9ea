// SPDX-License-Identifier: Apache-2.0
/** What Bash offers behind `zk-agent`: commands, and the paths that the servers have. */
import { below } from './walk.ts';

export const COMPLETION_SCRIPT = `# Bash: source <(zk-agent zk completion)
_zk_agent() {
  local IFS=$'\\n'
  COMPREPLY=($(zk-agent zk complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _zk_agent zk-agent
`;

/** The servers that the unfinished line names; undefined where it names none. */
export function serversIn(words: readonly string[]): string | undefined {
  const joined = words.find((word) => word.startsWith('--servers='));
  const at = words.indexOf('--servers');
  return joined?.slice('--servers='.length) ?? (at < 0 ? undefined : words[at + 1]);
}

interface Offers {
  readonly agentCommands: readonly string[];
  readonly zkCommands: readonly string[];
  /** The names of the children of a path; none where no server answers. */
  childrenOf(path: string): Promise<readonly string[]>;
}

/** `words` are those behind `zk-agent`; the last one is not finished. */
export async function completionsOf(words: readonly string[], offers: Offers): Promise<readonly string[]> {
  const word = words.at(-1) ?? '';
  const begins = (each: string): boolean => each.startsWith(word);
  if (words.length <= 1) return offers.agentCommands.filter(begins);
  if (words[0] !== 'zk') return [];
  if (words.length === 2) return offers.zkCommands.filter(begins);
  if (!word.startsWith('/')) return [];
  const parent = word.slice(0, word.lastIndexOf('/')) || '/';
  const children = await offers.childrenOf(parent);
  return children
    .map((name) => below(parent, name))
    .filter(begins)
    .toSorted();
}
