/** The stack of a lab and the deployments that make and change it. */
import { type DeployAws, awsClients as deployClients } from '../../deploy/aws.ts';
import { REGION } from '../aws-clients.ts';
import type { Stack } from '../stack.ts';
import { type Deployer, type DeploymentOptions, runDeletion, runDeployment, stackFacts } from './deployment.ts';

export interface DeployedStackOptions extends DeploymentOptions {
  readonly deployer: Deployer;
  /** For the lab's own looks at the stack. */
  readonly lab: Deployer;
  /** Hears every line that the creation says. */
  readonly hear: (line: string) => void;
}

export class DeployedStack implements AsyncDisposable {
  readonly facts: Stack;
  readonly #options: DeployedStackOptions;
  readonly #ending: AbortController;
  /** The deployment that runs, or ran last; one begins when the one before it has ended. */
  #last: Promise<void>;

  constructor(facts: Stack, options: DeployedStackOptions, ending: AbortController, creation: Promise<void>) {
    this.facts = facts;
    this.#options = options;
    this.#ending = ending;
    this.#last = creation;
  }

  /** Begins the creation and returns once the group exists; the nodes' signals complete it later (`created`). */
  static async begin(options: DeployedStackOptions, signal: AbortSignal): Promise<DeployedStack> {
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const { imageId } = options.account;
    const creation = runDeployment(options.deployer, options, imageId, options.hear, either);
    const { endpoint, key } = options.lab;
    using aws: DeployAws = deployClients({ endpoint, region: REGION, credentials: key });
    const waiting = new AbortController();
    // A creation that fails has no facts to wait for.
    const failed = creation.then(
      () => new Promise<never>(() => {}),
      (error: unknown) => {
        throw error;
      },
    );
    try {
      const facts = stackFacts(aws, options.stackName, imageId, AbortSignal.any([either, waiting.signal]));
      return new DeployedStack(await Promise.race([facts, failed]), options, ending, creation);
    } catch (error) {
      ending.abort(new Error('The lab did not start.'));
      await creation.catch(() => {});
      throw error;
    } finally {
      waiting.abort(new Error('Nobody waits any more.'));
    }
  }

  /** Resolves when the deployment that runs, if any, is done; rejects with what it failed of. */
  settled(): Promise<void> {
    return this.#last;
  }

  /** Changes the stack to another image and resolves when CloudFormation is done. */
  update(
    imageId: string,
    hear: (line: string) => void,
    signal: AbortSignal,
    further: readonly string[] = [],
  ): Promise<void> {
    return this.#next(signal, (either) =>
      runDeployment(this.#options.deployer, this.#options, imageId, hear, either, further),
    );
  }

  /** Deletes the stack and leaves its data. */
  remove(hear: (line: string) => void, signal: AbortSignal): Promise<void> {
    return this.#next(signal, (either) => runDeletion(this.#options.deployer, this.#options, hear, either));
  }

  /** Once this one is removed: the same again, under the same name. */
  again(signal: AbortSignal): Promise<DeployedStack> {
    return DeployedStack.begin(this.#options, signal);
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
