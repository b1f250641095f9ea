// SPDX-License-Identifier: Apache-2.0
/** Makes the machines that are process groups: agent, ticks and server in a directory, at a loopback address. */
import { join } from 'node:path';
import { formatSettings, settingsOfUserData } from '../../cf/user-data.ts';
import { REGION } from '../aws-clients.ts';
import type { MetadataOptions } from '../metadata/instance-metadata.ts';
import { type MetadataEndpoint, startMetadataService } from '../metadata/metadata-service.ts';
import type { LaunchedInstance, MachineMaker } from './machine-maker.ts';
import type { BootPlan } from './machine-messages.ts';
import { ProcessMachine } from './process-machine.ts';

interface ProcessMachinesOptions {
  readonly endpoint: string;
  /** Where the metadata services listen. */
  readonly listenAddress: string;
  /** Holds a directory for each instance. */
  readonly directory: string;
  readonly program: string;
  readonly agentCommand: readonly string[];
  /** The java command of a server but its last argument, zoo.cfg; `javaOptions` is a file with further options. */
  readonly serverCommand: (javaOptions: string) => readonly string[];
  readonly bootPlan: BootPlan;
  readonly environment: Readonly<Record<string, string>>;
}

export class ProcessMachines implements MachineMaker {
  readonly #options: ProcessMachinesOptions;
  #bootPlan: BootPlan;
  /** Of the images that have another agent than the rest. */
  readonly #agentOfImage = new Map<string, readonly string[]>();

  constructor(options: ProcessMachinesOptions) {
    this.#options = options;
    this.#bootPlan = options.bootPlan;
  }

  /** Applies to machines that boot from now on, whether for the first time or again. */
  setBootPlan(changed: Partial<BootPlan>): void {
    this.#bootPlan = { ...this.#bootPlan, ...changed };
  }

  /** Instances of this image that are launched from now on have this agent instead: the image has a fault, say. */
  setAgentOfImage(imageId: string, agentCommand: readonly string[]): void {
    this.#agentOfImage.set(imageId, agentCommand);
  }

  startMetadata(options: MetadataOptions): Promise<MetadataEndpoint> {
    return startMetadataService({ ...options, listenAddress: this.#options.listenAddress });
  }

  async make({ instance, imageId, userData }: LaunchedInstance, metadata: MetadataEndpoint): Promise<ProcessMachine> {
    const directory = join(this.#options.directory, instance);
    const agentEnv = settingsOfUserData(userData) + formatSettings(this.#machineSettings(directory, metadata.url));
    return new ProcessMachine({
      instance,
      directory,
      program: this.#options.program,
      agentCommand: this.#agentOfImage.get(imageId) ?? this.#options.agentCommand,
      bootPlan: () => this.#bootPlan,
      agentEnv,
      environment: {
        ...this.#options.environment,
        ZK_AGENT_ENV_FILE: join(directory, 'agent.env'),
        AWS_ENDPOINT_URL: this.#options.endpoint,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
        AWS_REGION: REGION,
      },
    });
  }

  /** What is on these machines is the agent of this checkout: an image of one holds nothing that another one lacks. */
  async capture(): Promise<void> {}

  async copyImage(): Promise<void> {}

  /** What differs between a machine of the lab and an instance of the image: the paths, and who runs the server. */
  #machineSettings(directory: string, metadataUrl: string): Readonly<Record<string, string>> {
    const javaOptions = join(directory, 'data', 'zk-agent', 'java-options');
    return {
      CONF_DIR: join(directory, 'conf'),
      DATA_DIR: join(directory, 'data'),
      LOCK_FILE: join(directory, 'run', 'zk-agent.lock'),
      SERVICE: 'process',
      SERVICE_COMMAND: JSON.stringify([
        ...this.#options.serverCommand(javaOptions),
        join(directory, 'conf', 'zoo.cfg'),
      ]),
      SERVICE_PID_FILE: join(directory, 'run', 'zookeeper.pid'),
      SERVICE_LOG_FILE: join(directory, 'log', 'zookeeper.log'),
      AWS_ENDPOINT_URL: this.#options.endpoint,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: metadataUrl,
    };
  }
}
