// SPDX-License-Identifier: Apache-2.0
/** The stack of a lab and the deployments that make and change it. */
import { describeStack } from '../../deploy/stack.ts';
import { labClients } from '../aws-clients.ts';
import type { LabDeployment } from '../lab-deployment.ts';
import { type Deployer, type DeploymentOptions, runDeletion, runDeployment, stackFacts } from './deployment.ts';
import { TargetError } from './targets.ts';

interface DeployedStackOptions extends DeploymentOptions {
  readonly deployer: Deployer;
  /** For the lab's own reads of the stack. */
  readonly lab: Deployer;
  /** Called with every line of the creation. */
  readonly hear: (line: string) => void;
}

export class DeployedStack implements AsyncDisposable {
  readonly #options: DeployedStackOptions;
  readonly #ending = new AbortController();
  #facts: LabDeployment | undefined;
  /** The stack's present image, or the image for creating it again. */
  #imageId: string;
  /** The deployment that runs, or ran last. A deployment begins only when the one before it has ended. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: DeployedStackOptions) {
    this.#options = options;
    this.#imageId = options.account.imageId;
  }

  /**
   * Begins the creation and returns once the group exists. The nodes' signals complete the creation later (`settled`).
   */
  static async begin(options: DeployedStackOptions, signal: AbortSignal): Promise<DeployedStack> {
    await using unfinished = new AsyncDisposableStack();
    const stack = unfinished.use(new DeployedStack(options));
    await stack.create(options.hear, signal);
    unfinished.move();
    return stack;
  }

  /** The facts of the last stack, even when it has been deleted. */
  get facts(): LabDeployment {
    if (this.#facts === undefined) throw new Error('The stack has no group yet.');
    return this.#facts;
  }

  /**
   * Creates the stack; if it was removed, under its old name. Returns once the group exists. The nodes' signals
   * complete the creation later (`settled`). Changes nothing when the stack exists.
   */
  async create(hear: (line: string) => void, signal: AbortSignal): Promise<void> {
    const imageId = this.#imageId;
    const creation = this.#next(signal, (either) =>
      runDeployment(this.#options.deployer, this.#options, imageId, hear, either),
    );
    const { endpoint, key } = this.#options.lab;
    using aws = labClients(endpoint, key);
    const waiting = new AbortController();
    // A creation that failed has no facts to wait for.
    const failed = creation.then(
      () => new Promise<never>(() => {}),
      (error: unknown) => {
        throw error;
      },
    );
    try {
      const either = AbortSignal.any([signal, this.#ending.signal, waiting.signal]);
      this.#facts = await Promise.race([stackFacts(aws, this.#options.stackName, imageId, either), failed]);
    } finally {
      waiting.abort(new Error('Nobody waits any more.'));
    }
  }

  /** Resolves when the present deployment, if any, is done. Rejects with its failure. */
  settled(): Promise<void> {
    return this.#last;
  }

  /** deploy.sh would make a new cluster in the place of one that is deleted. Rejects with TargetError then. */
  async mustStand(signal: AbortSignal): Promise<void> {
    const { endpoint, key } = this.#options.lab;
    using aws = labClients(endpoint, key);
    if ((await describeStack(aws, this.#options.stackName, signal)) !== undefined) return;
    throw new TargetError('The stack is deleted, so there is nothing to update; ./lab.sh deploy makes a new cluster.');
  }

  /** Changes the stack to another image and resolves when CloudFormation is done. */
  async update(
    imageId: string,
    hear: (line: string) => void,
    signal: AbortSignal,
    further: readonly string[] = [],
  ): Promise<void> {
    await this.#next(signal, (either) =>
      runDeployment(this.#options.deployer, this.#options, imageId, hear, either, further),
    );
    this.#imageId = imageId;
  }

  /** Deletes the stack and resolves when it is gone. Deletes its data only with `--with-data`. */
  remove(hear: (line: string) => void, signal: AbortSignal, further: readonly string[] = []): Promise<void> {
    return this.#next(signal, (either) => runDeletion(this.#options.deployer, this.#options, hear, either, further));
  }

  #next(signal: AbortSignal, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const either = AbortSignal.any([signal, this.#ending.signal]);
    this.#last = this.#last.catch(() => {}).then(() => run(either));
    return this.#last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('The lab ends.'));
    await this.#last.catch(() => {});
  }
}
