// SPDX-License-Identifier: Apache-2.0
/** What the tests of container machines share: one network, one metadata stand-in, machines, ssh. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { baseRootFileSystem } from '../../lab/container/base.ts';
import { Container } from '../../lab/container/container.ts';
import { sweepContainers } from '../../lab/container/container-record.ts';
import { type LabNetwork, makeNetwork } from '../../lab/container/network.ts';
import { containerRequirements } from '../../lab/container/requirements.ts';
import { runProgram } from '../../tools/program.ts';
import { labName } from '../support/lab-name.ts';
import type { StandInFacts } from './metadata-stand-in.ts';

/**
 * A sentence why machines can't run here; undefined where they can. What is missing is installed where that is
 * possible.
 */
export async function whyNoMachines(): Promise<string | undefined> {
  const requirements = await containerRequirements((line) => process.stderr.write(`${line}\n`), true);
  return requirements.met ? undefined : requirements.why;
}

/** A sentence, too. A disk with a size of its own is a file system in a file. */
export async function whyNoBoundedDisks(): Promise<string | undefined> {
  return runProgram('losetup', ['--find']).then(
    () => undefined,
    (error: unknown) => `This system has no free loop device: ${error}`,
  );
}

export class Machines implements AsyncDisposable {
  readonly directory: string;
  readonly network: LabNetwork;
  readonly #lab: string;
  readonly #base: string;
  readonly #ends = new AsyncDisposableStack();

  private constructor(lab: string, directory: string, base: string, network: LabNetwork) {
    this.#lab = lab;
    this.directory = directory;
    this.#base = base;
    this.network = network;
    this.#ends.defer(() => rm(directory, { recursive: true, force: true }));
    this.#ends.use(network);
    this.#ends.defer(() => sweepContainers(directory));
  }

  static async make(): Promise<Machines> {
    const lab = labName();
    const base = await baseRootFileSystem(12);
    const directory = await mkdtemp(join(tmpdir(), 'zookeeper-machines-'));
    return new Machines(lab, directory, base, await makeNetwork(lab));
  }

  /** Not booted yet. Its name is its lab's and its instance's. */
  async machine(instance: string, address: string, memoryMiB = 512): Promise<Container> {
    const networkNamespace = await this.network.attach(instance, address);
    const container = new Container({
      name: `${this.#lab}-${instance}`,
      directory: join(this.directory, instance),
      layers: [this.#base],
      networkNamespace,
      hostName: `ip-${address.replaceAll('.', '-')}`,
      environmentLimits: { memoryMiB },
      onOff: (why) => process.stderr.write(`${why}\n`),
    });
    this.#ends.defer(() => container.powerOff());
    return container;
  }

  /** The metadata service tells every machine the same. */
  async serveMetadata(facts: StandInFacts): Promise<void> {
    const words = [
      this.#net,
      process.execPath,
      join(import.meta.dirname, 'metadata-stand-in.ts'),
      JSON.stringify(facts),
    ];
    const child = spawn('nsenter', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    this.#ends.defer(async () => {
      child.stdin.end();
      await ended;
    });
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.stdout.once('data', resolve);
      child.once('exit', (code) => reject(new Error(`The metadata stand-in ended with ${code}.`)));
    });
  }

  /** From the lab's own address. */
  async inLab(command: readonly string[], limitMs = 20_000): Promise<string> {
    return runProgram('nsenter', [this.#net, ...command], { limitMs });
  }

  /** Makes a key; returns the path of the private one and the public one's text. */
  async sshKey(): Promise<{ readonly file: string; readonly publicKey: string }> {
    const file = join(this.directory, 'key');
    await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
    return { file, publicKey: (await readFile(`${file}.pub`, 'utf8')).trim() };
  }

  async ssh(key: string, address: string, command: string): Promise<string> {
    const quiet = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];
    const options = [...quiet, 'ConnectTimeout=5'].flatMap((option) => ['-o', option]);
    return this.inLab(['ssh', '-F', 'none', '-i', key, ...options, `admin@${address}`, command]);
  }

  get #net(): string {
    return `--net=/run/netns/${this.network.namespace}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends.disposeAsync();
  }
}

/** Asks until the answer is something; throws with the last failure after the limit. */
export async function until<T>(what: string, limitMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await ask();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`Not within ${limitMs / 1000} s: ${what}.`, { cause: last });
    await sleep(200);
  }
}
