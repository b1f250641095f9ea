// SPDX-License-Identifier: Apache-2.0
/** Runs test files with node:test, each in a process of its own, and follows its events. */
import { relative } from 'node:path';
import { type EventData, run } from 'node:test';
import { failure, printFile, printSkipped } from './report.ts';
import { type Counts, noTests, type Stage, sum } from './stages.ts';

/** What a file printed is shown with its failures only, and of that only the end. */
const OUTPUT_CHARACTERS = 8_000;

class FileResult {
  counts: Counts = noTests;
  output = '';
  /** Why tests were skipped. */
  readonly reasons = new Set<string>();

  add(counts: Partial<Counts>): void {
    this.counts = sum(this.counts, { ...noTests, ...counts });
  }

  print(text: string): void {
    this.output = (this.output + text).slice(-OUTPUT_CHARACTERS);
  }
}

type Verdict = EventData.TestPass | EventData.TestFail;

export async function runTestFiles(root: string, stage: Stage, signal: AbortSignal): Promise<Counts> {
  if (stage.files.length === 0) return noTests;
  const results = new Map<string, FileResult>();
  const resultOf = (file: string | undefined): FileResult => {
    const key = file ?? 'unknown file';
    const found = results.get(key) ?? new FileResult();
    results.set(key, found);
    return found;
  };
  const open = new Set(stage.files);
  const close = (file: string, ms: number): void => {
    open.delete(file);
    const result = resultOf(file);
    if (result.counts.failed > 0 && result.output.trim()) failure('what it printed', result.output.trim());
    printFile(relative(root, file), result.counts, ms);
    for (const reason of result.reasons) printSkipped(reason);
  };
  const stream = run({
    files: [...stage.files],
    concurrency: stage.concurrency,
    timeout: stage.fileLimitMs,
    ...(stage.forceExit === true ? { execArgv: ['--test-force-exit'] } : {}),
    signal,
  });
  stream.on('test:stdout', (data) => resultOf(data.file).print(data.message));
  stream.on('test:stderr', (data) => resultOf(data.file).print(data.message));
  stream.on('test:pass', (data) => {
    if (typeof data.skip === 'string' && data.skip !== '') resultOf(data.file).reasons.add(data.skip);
    if (isFile(data)) {
      resultOf(data.file).add({ failed: 1 });
      failure(relative(root, data.name), 'This file holds no test.');
      close(data.name, data.details.duration_ms);
    } else if (isTest(data)) resultOf(data.file).add(isSkipped(data) ? { skipped: 1 } : { passed: 1 });
  });
  stream.on('test:fail', (data) => {
    // A suite fails with its tests, which are counted; by itself only when its own set-up did.
    if (!isTest(data) && !failedByItself(data)) return;
    if (isSkipped(data)) return resultOf(data.file).add({ skipped: 1 });
    resultOf(data.file).add({ failed: 1 });
    const { error } = data.details;
    failure(`${relative(root, data.file ?? '')}: ${data.name}`, error.cause ?? error);
    // Its process crashed, or was stopped at the limit, and sums nothing up.
    if (isFile(data)) close(data.name, data.details.duration_ms);
  });
  stream.on('test:summary', (data) => {
    if (data.file !== undefined) close(data.file, data.duration_ms);
  });
  for await (const _ of stream);
  for (const file of open) {
    // Its last words were lost, and with them perhaps a failure.
    resultOf(file).add({ failed: 1 });
    failure(relative(root, file), 'This file did not report its end.');
  }
  return [...results.values()].reduce((counts, result) => sum(counts, result.counts), noTests);
}

/** node:test makes a test of a file that holds none, or that ended badly. */
function isFile(data: { readonly name: string; readonly file?: string }): boolean {
  return data.name === data.file;
}

function isTest(data: Verdict): boolean {
  return data.details.type !== 'suite';
}

function isSkipped(data: Verdict): boolean {
  return (data.skip !== undefined && data.skip !== false) || (data.todo !== undefined && data.todo !== false);
}

function failedByItself(data: EventData.TestFail): boolean {
  const { error } = data.details;
  return !('failureType' in error) || error.failureType !== 'subtestsFailed';
}
