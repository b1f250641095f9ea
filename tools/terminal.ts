// SPDX-License-Identifier: Apache-2.0
/**
 * The output of a deployment: messages go to standard error, results to standard output, so that scripts can read them.
 * Questions are asked only where a person can answer.
 */
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

export interface Terminal {
  /** Whether a person can answer a question. */
  readonly interactive: boolean;
  /** One line about what happens. */
  line(text: string, style?: Style): void;
  /** Replaces the line of progress below the other lines; undefined removes it. Only terminals show it. */
  progress(text?: string): void;
  /** One line of the result. */
  result(text: string): void;
  /** The answer as typed, without blanks around it. Rejects with the signal's reason. */
  ask(question: string, signal: AbortSignal): Promise<string>;
}

const CLEAR_LINE = '\r\u001b[K';

/** The parts of a process that a terminal needs. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
}

/** The process's own terminal. */
export function consoleTerminal({ stdin, stdout, stderr }: Streams = process): Terminal {
  let shown = '';
  const showProgress = (line: string): void => {
    if (shown !== '') stderr.write(CLEAR_LINE);
    shown = line;
    if (line !== '') stderr.write(line);
  };
  return {
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    line: (text, style) => {
      const below = shown;
      showProgress('');
      stderr.write(`${style === undefined ? text : styleText(style, text, { stream: stderr })}\n`);
      showProgress(below);
    },
    progress: (text = '') => {
      if (!stderr.isTTY) return;
      // A line that wraps could not be removed again.
      const short = text.slice(0, (stderr.columns || 80) - 1);
      showProgress(short === '' ? '' : styleText('dim', short, { stream: stderr }));
    },
    result: (text) => {
      showProgress('');
      stdout.write(`${text}\n`);
    },
    ask: async (question, signal) => {
      showProgress('');
      const lines = createInterface({ input: stdin, output: stderr });
      // readline handles Ctrl-C and the end of input itself. Both mean that no answer comes.
      const gone = new AbortController();
      lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      lines.on('close', () => gone.abort());
      try {
        return (await lines.question(`${question} `, { signal: AbortSignal.any([signal, gone.signal]) })).trim();
      } catch (error) {
        signal.throwIfAborted();
        if (gone.signal.aborted) return '';
        throw error;
      } finally {
        lines.close();
      }
    },
  };
}
