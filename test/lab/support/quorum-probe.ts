// SPDX-License-Identifier: Apache-2.0
/**
 * Asks every server again and again, each time all of them at once, and holds what they say against the config that is
 * committed at that moment.
 *
 *     await using probe = QuorumProbe.start(lab);
 *     …
 *     const seen = await probe.stop();
 *     seen.checkQuorum();
 *     seen.checkElections();
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLIENT_PORT, type EnsembleConfig, quorumOf, votersOf } from '../../../src/model/member.ts';
import type { ServerAnswer } from '../../../src/model/server.ts';
import { askSrvr } from '../../../src/zookeeper/four-letter-words.ts';
import { configOnDisks } from './disk-config.ts';
import type { TestLab } from './lab.ts';
import { type ProbeLook, ProbeReport } from './probe-report.ts';

const EVERY_MS = 100;
/** A server that is gone refuses at once; this is for one that is only slow, as the whole machine may be. */
const ANSWER_LIMIT_MS = 15_000;

export class QuorumProbe implements AsyncDisposable {
  readonly #lab: TestLab;
  readonly #looks: Promise<ProbeLook | undefined>[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  private constructor(lab: TestLab) {
    this.#lab = lab;
    this.#running = this.#run();
  }

  /** Begins to look; there has to be an ensemble. */
  static start(lab: TestLab): QuorumProbe {
    return new QuorumProbe(lab);
  }

  /** What was seen up to now. Looking goes on. */
  async report(): Promise<ProbeReport> {
    const looks = await Promise.all([...this.#looks]);
    return new ProbeReport(looks.filter((look) => look !== undefined));
  }

  async stop(): Promise<ProbeReport> {
    await this[Symbol.asyncDispose]();
    return this.report();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#looks);
  }

  /** The next look does not wait for the one before: a slow server must not hide what happens meanwhile. */
  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#looks.push(this.#look());
      await sleep(EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** The config may change while its servers answer: of the one before and the one after, the better served counts. */
  async #look(): Promise<ProbeLook | undefined> {
    const { hypervisor } = this.#lab.lab;
    const { hosts } = hypervisor;
    const before = configOnDisks(hosts);
    const fromMs = performance.now();
    const answers = new Map(
      await Promise.all(hosts.map(async ({ address }) => [address, await ask(address)] as const)),
    );
    const toMs = performance.now();
    const after = configOnDisks(hypervisor.hosts) ?? before;
    assert.ok(after, 'The probe begins when there is an ensemble.');
    const [one, other] = [before ?? after, after].map((config) => ({ fromMs, toMs, ...seenOf(config, answers) }));
    return one !== undefined && other !== undefined && margin(one) > margin(other) ? one : other;
  }
}

/**
 * A server that turns from one role to another cuts its connections and is up all the same, so it is asked once more.
 */
async function ask(address: string): Promise<ServerAnswer> {
  const limits = { port: CLIENT_PORT, timeoutMs: ANSWER_LIMIT_MS };
  const never = new AbortController().signal;
  const answer = await askSrvr(address, limits, never);
  return answer.kind === 'silent' ? askSrvr(address, limits, never) : answer;
}

function seenOf(
  config: EnsembleConfig,
  answers: ReadonlyMap<string, ServerAnswer>,
): Pick<ProbeLook, 'config' | 'up' | 'serving' | 'leader' | 'answering'> {
  const voters = votersOf(config).map(({ address }) => address);
  const kind = (address: string): ServerAnswer['kind'] => answers.get(address)?.kind ?? 'silent';
  const leads = (address: string): boolean => {
    const answer = answers.get(address);
    return answer?.kind === 'serving' && answer.mode === 'leader';
  };
  return {
    config,
    up: voters.filter((address) => kind(address) !== 'silent'),
    serving: voters.filter((address) => kind(address) === 'serving'),
    leader: voters.find(leads),
    answering: [...answers.keys()].filter((address) => kind(address) !== 'silent'),
  };
}

/** How many more than a quorum are up, then serve. */
function margin({ config, up, serving }: ProbeLook): number {
  const quorum = quorumOf(votersOf(config).length);
  return (up.length - quorum) * 100 + serving.length - quorum;
}
