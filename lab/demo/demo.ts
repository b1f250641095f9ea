// SPDX-License-Identifier: Apache-2.0
/** Runs the story on its own lab and reports each step. */
import { setTimeout as sleep } from 'node:timers/promises';
import { callLab, endOwnLab, startDaemon } from '../commands/lab-client.ts';
import type { DaemonPlan } from '../daemon/daemon.ts';
import type { LabStatus } from '../daemon/lab-status.ts';
import type { Screen, StepResult } from './screen.ts';
import { STORY, type Stage, type StoryMemory, type StoryStep } from './story.ts';
import { Writer } from './writer.ts';

const LOOK_MS = 150;
const NODES = 3;

interface DemoOptions {
  readonly name: string;
  readonly screen: Screen;
  /** Keeps the lab running at the end. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  readonly agentCommand?: DaemonPlan['agentCommand'];
}

/** Resolves with the steps that ran. The story ends at the first step that fails. */
export async function runDemo(options: DemoOptions): Promise<readonly StepResult[]> {
  const { name, keep, signal, agentCommand } = options;
  const daemon = await startDaemon({
    name,
    nodes: NODES,
    productionTiming: false,
    ...(agentCommand === undefined ? {} : { agentCommand }),
  });
  try {
    return await tellDemo(options, STORY, 1);
  } finally {
    if (!keep || signal.aborted) await endOwnLab(name, daemon);
  }
}

/** Runs the story on a lab that is up, or is starting. Each wait may last `patience` times as long. */
export async function tellDemo(
  options: Pick<DemoOptions, 'name' | 'screen' | 'signal'>,
  story: readonly StoryStep[],
  patience: number,
): Promise<readonly StepResult[]> {
  const { name, screen, signal } = options;
  const writer = new Writer(() => callLab(name, 'connect', {}));
  try {
    const results = await tellStory(story, stageOf(options, writer, patience), screen, signal);
    screen.close(results);
    return results;
  } finally {
    await writer.stop().catch(() => undefined);
  }
}

async function tellStory(
  story: readonly StoryStep[],
  stage: Stage,
  screen: Screen,
  signal: AbortSignal,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  const memory: StoryMemory = {};
  for (const step of story) {
    screen.begin(step.name);
    const startedAtMs = performance.now();
    const result = await step.run(stage, memory).then(
      (detail) => ({ ok: true, detail }),
      (error: unknown) => {
        signal.throwIfAborted();
        return { ok: false, detail: error instanceof Error ? error.message : String(error) };
      },
    );
    const seconds = Math.round(performance.now() - startedAtMs) / 1000;
    results.push({ step: step.name, ok: result.ok, seconds, detail: result.detail });
    screen.end({ step: step.name, ok: result.ok, seconds, detail: result.detail });
    if (!result.ok) break;
  }
  return results;
}

function stageOf(
  { name, screen, signal }: Pick<DemoOptions, 'name' | 'screen' | 'signal'>,
  writer: Writer,
  patience: number,
): Stage {
  const call: Stage['call'] = (verb, args) =>
    callLab(name, verb, args, { signal, hear: (frame) => frame.kind === 'progress' && screen.note(frame.line) });
  const until: Stage['until'] = async (what, usualLimitMs, holds) => {
    const limitMs = usualLimitMs * patience;
    const deadline = performance.now() + limitMs;
    for (;;) {
      const status = await call('status', {});
      screen.look(status, writer.figures());
      if (holds(status)) return status;
      if (performance.now() > deadline) throw new Error(notInTime(what, limitMs, status));
      await sleep(LOOK_MS, undefined, { signal });
    }
  };
  return { writer, call, until };
}

function notInTime(what: string, limitMs: number, status: LabStatus): string {
  const said = status.nodes.map(
    (node) => `${node.instance} (${node.role ?? node.state}): ${node.said ?? 'nothing said'}`,
  );
  return `Waited ${limitMs / 1000} s for ${what}. ${said.join('; ')}`;
}
