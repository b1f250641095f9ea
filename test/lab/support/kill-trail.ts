// SPDX-License-Identifier: Apache-2.0
/** Kills the agent at every point of its steps in turn; see kill-trail.cjs for what the points are. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { StepKind } from '../../../src/model/step.ts';
import type { TestLab } from './lab.ts';

const PRELOAD = resolve(import.meta.dirname, 'kill-trail.cjs');
/** More than any walk has points. */
const RUNS_LIMIT = 200;

/** `around`: right before and right after each step. `inside`: there, and at every effect within. */
export type KillDepth = 'around' | 'inside';

export class KillTrail {
  readonly #lab: TestLab;
  readonly #file: string;
  readonly #depth: KillDepth;

  constructor(lab: TestLab, name: string, depth: KillDepth) {
    this.#lab = lab;
    this.#depth = depth;
    this.#file = join(lab.lab.state.path, `${name}.trail`);
    writeFileSync(this.#file, '');
  }

  /** `<step>: <point>`, in the order of the deaths. */
  get deaths(): readonly string[] {
    return readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
  }

  /**
   * Runs the agent on this node, each run until it dies one point further on than all before it, until a run comes to
   * its end: what that one said is the result. The first run has these arguments; the later ones are ticks, as cron's
   * are, unless `again` says otherwise.
   */
  async walk(
    instance: string,
    first: readonly string[],
    again: () => readonly string[] = () => ['recovery'],
  ): Promise<string> {
    const { machine } = this.#lab.host(instance);
    const environment = { NODE_OPTIONS: `--require=${PRELOAD}`, KILL_TRAIL: this.#file, KILL_DEPTH: this.#depth };
    for (let runs = 0; runs < RUNS_LIMIT; runs++) {
      const run = await machine.runAgent(runs === 0 ? first : again(), { environment });
      if (run.code === 0) return run.stdout;
      // A tick ends in vain while others still die; the next one goes on.
      const inVain = run.signal === 'SIGKILL' || run.stderr.includes('NOT_READY_IN_TIME');
      assert.ok(inVain, `Run ${runs} of ${instance}:\n${run.stdout}${run.stderr}`);
    }
    assert.fail(`${RUNS_LIMIT} runs of ${instance} led nowhere:\n${this.deaths.join('\n')}`);
  }

  /** Runs died at points inside of the step whose names these expressions match, if they went that deep. */
  coversInside(step: StepKind, ...points: readonly RegExp[]): void {
    if (this.#depth !== 'inside') return;
    const inside = this.deaths.filter((death) => death.startsWith(`${step}: `));
    const missing = points.filter((expression) => !inside.some((death) => expression.test(death)));
    assert.deepEqual(missing, [], `No run died there. Those of ${step}:\n${inside.join('\n')}`);
  }
}
