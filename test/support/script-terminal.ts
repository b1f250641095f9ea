// SPDX-License-Identifier: Apache-2.0
/** A terminal that remembers what was shown and answers from a script. */
import type { Terminal } from '../../tools/terminal.ts';

export interface ScriptTerminal extends Terminal {
  readonly lines: string[];
  readonly results: string[];
  readonly questions: string[];
  /** Everything on standard error, as one text. */
  readonly text: string;
}

/** Without answers nobody is there to ask. */
export function scriptTerminal(answers?: readonly string[]): ScriptTerminal {
  const left = [...(answers ?? [])];
  const [lines, results, questions]: [string[], string[], string[]] = [[], [], []];
  return {
    ...{ lines, results, questions },
    interactive: answers !== undefined,
    get text() {
      return lines.join('\n');
    },
    line: (text) => {
      lines.push(text);
    },
    progress: () => {},
    result: (text) => {
      results.push(text);
    },
    ask: async (question) => {
      questions.push(question);
      const answer = left.shift();
      if (answer === undefined) throw new Error(`a question that the test did not expect: ${question}`);
      return answer;
    },
  };
}
