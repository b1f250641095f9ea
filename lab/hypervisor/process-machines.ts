// SPDX-License-Identifier: Apache-2.0
/** Makes the machines that are process groups: agent, ticks and server in a directory, at a loopback address. */
import { join } from 'node:path';
import { formatSettings, settingsOfUserData } from '../../cf/user-data.ts';
import { REGION } from '../aws-clients.ts';
import type { LabNetwork } from '../container/network.ts';
import type { MetadataOptions } from '../metadata/instance-metadata.ts';
import { type MetadataEndpoint, startMetadataService } from '../metadata/metadata-service.ts';
import type { LaunchedInstance, MachineMaker } from './machine-maker.ts';
import type { BootPlan } from './machine-messages.ts';
import { ProcessMachine } from './process-machine.ts';

interface ProcessMachinesOptions {
  readonly endpoint: string;
  /** The address of the metadata services. */
  readonly listenAddress: string;
  /** Contains a directory for each instance. */
  readonly directory: string;
  readonly program: string;
  readonly agentCommand: readonly string[];
  /** The java command of a server without its last argument, zoo.cfg. `javaOptions` is a file with further options. */
  readonly serverCommand: (javaOptions: string) => readonly string[];
  readonly bootPlan: BootPlan;
  /** With this, each machine has a network namespace of its own in it. */
  readonly network?: LabNetwork;
  readonly environment: Readonly<Record<string, string>>;
}

export class ProcessMachines implements MachineMaker {
  readonly #options: ProcessMachinesOptions;
  #bootPlan: BootPlan;
  /** The agents of images that do not have the usual one. */
  readonly #agentOfImage = new Map<string, readonly string[]>();

  constructor(options: ProcessMachinesOptions) {
    this.#options = options;
    this.#bootPlan = options.bootPlan;
  }

  /** Applies to all later boots of machines, first boots and reboots. */
  setBootPlan(changed: Partial<BootPlan>): void {
    this.#bootPlan = { ...this.#bootPlan, ...changed };
  }

  /** Gives later instances of this image another agent, for example because the image is faulty. */
  setAgentOfImage(imageId: string, agentCommand: readonly string[]): void {
    this.#agentOfImage.set(imageId, agentCommand);
  }

  startMetadata(options: MetadataOptions): Promise<MetadataEndpoint> {
    return startMetadataService({ ...options, listenAddress: this.#options.listenAddress });
  }

  async make(
    { instance, address, imageId, userData }: LaunchedInstance,
    metadata: MetadataEndpoint,
  ): Promise<ProcessMachine> {
    const { network } = this.#options;
    const directory = join(this.#options.directory, instance);
    const agentEnv = settingsOfUserData(userData) + formatSettings(this.#machineSettings(directory, metadata.url));
    return new ProcessMachine({
      instance,
      directory,
      program: this.#options.program,
      agentCommand: this.#agentOfImage.get(imageId) ?? this.#options.agentCommand,
      bootPlan: () => this.#bootPlan,
      agentEnv,
      ...(network === undefined ? {} : { place: { network, address } }),
      environment: {
        ...this.#options.environment,
        ZK_AGENT_ENV_FILE: join(directory, 'agent.env'),
        AWS_ENDPOINT_URL: this.#options.endpoint,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
        AWS_REGION: REGION,
      },
    });
  }

  /** These machines run the agent of this checkout, so an image made from one has nothing special. */
  async capture(): Promise<void> {}

  async copyImage(): Promise<void> {}

  /** The differences between a machine of the lab and an instance of the image: the paths, and how the server runs. */
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
