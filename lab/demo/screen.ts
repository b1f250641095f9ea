// SPDX-License-Identifier: Apache-2.0
/** The demo's output: a table redrawn in place on a terminal, lines elsewhere, one object per step as JSON. */
import { votersOf } from '../../src/model/member.ts';
import { table, width } from '../../tools/table.ts';
import { print, styled } from '../commands/terminal.ts';
import type { LabStatus } from '../daemon/lab-status.ts';
import type { WriterFigures } from './writer.ts';

export interface StepResult {
  readonly step: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly detail: string;
}

export interface Screen {
  begin(step: string): void;
  /** A line of progress that is not about the status of the ensemble. */
  note(line: string): void;
  look(status: LabStatus, figures: WriterFigures): void;
  end(result: StepResult): void;
  /** The end of the demo. */
  close(results: readonly StepResult[]): void;
}

function figuresOf({ acknowledged, perSecond, longestGapMs }: WriterFigures): string {
  return `${acknowledged} writes acknowledged, ${perSecond} a second, longest gap of this step ${(longestGapMs / 1000).toFixed(1)} s`;
}

function resultLine({ step, ok, seconds, detail }: StepResult): string {
  const sign = ok ? styled('green', '✓') : styled('red', '✗');
  return `${sign} ${step} ${styled('dim', `(${seconds.toFixed(1)} s)`)}: ${detail}`;
}

export function jsonScreen(): Screen {
  return {
    begin: () => undefined,
    note: () => undefined,
    look: () => undefined,
    end: (result) => print(JSON.stringify(result)),
    close: () => undefined,
  };
}

const PLAIN_EVERY_MS = 3_000;

export function plainScreen(): Screen {
  let saidAtMs = 0;
  let said = '';
  return {
    begin: (step) => {
      saidAtMs = performance.now();
      print(`… ${step}`);
    },
    note: (line) => print(`    ${line}`),
    look: (status, figures) => {
      const line = membersInWords(status);
      if (line === said && performance.now() - saidAtMs < PLAIN_EVERY_MS) return;
      said = line;
      saidAtMs = performance.now();
      print(`    ${line}; ${figuresOf(figures)}`);
    },
    end: (result) => print(resultLine(result)),
    close: (results) => printTable(results),
  };
}

export function terminalScreen(): Screen {
  let current = '';
  let looked: readonly string[] = [];
  let noted: readonly string[] = [];
  let drawn = 0;
  const erase = (): void => {
    if (drawn > 0) process.stdout.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const draw = (): void => {
    erase();
    const lines = [`… ${current}`, ...looked, ...noted];
    // A longer line would wrap, and the count of lines to erase would be wrong.
    for (const line of lines) print(line.slice(0, width()));
    drawn = lines.length;
  };
  return {
    begin: (step) => {
      current = step;
      looked = [];
      noted = [];
      draw();
    },
    note: (line) => {
      noted = [`    ${line}`];
      draw();
    },
    look: (status, figures) => {
      looked = [...memberTable(status), `    ${figuresOf(figures)}`];
      draw();
    },
    end: (result) => {
      erase();
      print(resultLine(result));
    },
    close: (results) => {
      erase();
      printTable(results);
    },
  };
}

function membersInWords(status: LabStatus): string {
  const members = status.nodes
    .filter((node) => node.machine !== undefined)
    .map((node) => `${node.id === undefined ? node.instance : `id ${node.id}`} ${node.role ?? node.state}`);
  return members.length === 0 ? 'no instance runs yet' : members.join(', ');
}

function memberTable(status: LabStatus): string[] {
  const voters = new Set(status.config === undefined ? [] : votersOf(status.config).map((voter) => voter.id));
  const rows = status.nodes
    .filter((node) => node.machine !== undefined)
    .map((node) => [
      '   ',
      node.id === undefined ? '-' : String(node.id),
      node.instance,
      node.zone ?? '',
      node.role ?? '',
      node.id !== undefined && voters.has(node.id) ? 'votes' : '',
    ]);
  return table([['   ', 'ID', 'INSTANCE', 'ZONE', 'ROLE', ''], ...rows]);
}

function printTable(results: readonly StepResult[]): void {
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const rows = results.map((result) => [result.ok ? 'ok' : 'FAILED', `${result.seconds.toFixed(1)} s`, result.step]);
  print('');
  for (const line of table([['', 'TIME', 'STEP'], ...rows, ['', `${seconds.toFixed(1)} s`, 'in all']])) print(line);
}
