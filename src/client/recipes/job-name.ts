// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from '../errors.ts';
import { limitProblem } from '../limit.ts';
import { pathProblem } from '../path.ts';

/** What a job is for. Both texts may hold any character. */
export interface JobTarget {
  /** What the job works on. */
  readonly dataset: string;
  /** To what the job belongs. */
  readonly group: string;
  /** From 0. Jobs of a larger one come first. */
  readonly priority: number;
}

/** What the name of a job says. */
export interface JobName extends JobTarget {
  readonly name: string;
  /** Counts the jobs of the queue in the order in which they were put. */
  readonly sequence: number;
}

/** What is wrong with a target, as BAD_REQUEST. */
export function jobTargetProblem({ dataset, group, priority }: JobTarget): ZookeeperError | undefined {
  for (const text of [dataset, group]) {
    if (!LONE_SURROGATE.test(text)) continue;
    return new ZookeeperError('BAD_REQUEST', `${JSON.stringify(text)} is no text: it has half a character in it`);
  }
  return limitProblem('priority', priority, 0);
}

/**
 * `entry-<priority>-<dataset>:<group>-<sequence>`, with at least three digits for the priority and ten for the
 * sequence. What a path can't hold is written as in a URL, with a percent sign; so are that sign, and a colon in the
 * group.
 */
export function formatJobName({ dataset, group, priority }: JobTarget, sequence: number): string {
  const target = `${escaped(dataset, '%/')}:${escaped(group, '%/:')}`;
  return `entry-${String(priority).padStart(3, '0')}-${target}-${String(sequence).padStart(10, '0')}`;
}

/** Undefined for a name of another form. It is read from both ends, since the dataset may look like any part of it. */
export function parseJobName(name: string): JobName | undefined {
  const [, priority, target, sequence] = /^entry-(\d+)-(.*)-(\d{10,})$/s.exec(name) ?? [];
  const colon = target?.lastIndexOf(':') ?? -1;
  if (target === undefined || colon < 0) return undefined;
  const dataset = unescaped(target.slice(0, colon));
  const group = unescaped(target.slice(colon + 1));
  return { name, dataset, group, priority: Number(priority), sequence: Number(sequence) };
}

/** The order in which jobs are taken: the highest priority first, then the oldest. */
export function compareJobs(a: JobName, b: JobName): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.sequence !== b.sequence) return a.sequence - b.sequence;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function escaped(text: string, special: string): string {
  let result = '';
  for (const char of text) {
    const isPlain = !special.includes(char) && pathProblem(`/-${char}`, false) === undefined;
    result += isPlain ? char : encodeURIComponent(char);
  }
  return result;
}

/** Of another program's name, what is no such escape stays as it is. */
function unescaped(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
