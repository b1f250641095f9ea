// SPDX-License-Identifier: Apache-2.0
/**
 * The local AWS of one lab, from moto up to the operator's clients. The network block is taken first and released last.
 */
import { builderPolicy } from '../../bake/builder-policy.ts';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { type Cloud, type CloudOptions, SPARED_CALLER, startCloud } from '../../cloud/index.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { labClients, REGION } from '../aws-clients.ts';
import { type AddressBlock, takeAddressBlock } from './address-block.ts';
import type { Deployer } from './deployment.ts';

/** The lab's own calls to its cloud do not count as anybody's: they are not listed, and faults do not apply to them. */
export const LAB_CALLER = SPARED_CALLER;

export interface LocalCloud extends AsyncDisposable {
  readonly block: AddressBlock;
  readonly aws: Cloud;
  /** The clients of the person at the command line. */
  readonly operator: AwsClients;
  /** The access of `operator`, for other tools. */
  readonly operatorAccess: Deployer;
  /** The clients of the lab itself (hypervisor, status). Measurements and faults do not include them. */
  readonly lab: AwsClients;
  /** A person with exactly the documented permissions. */
  readonly deployer: Deployer;
  /** Another person with exactly the documented permissions, who bakes images. */
  readonly builder: Deployer;
  /** The access of `lab`, for other clients. */
  readonly labAccess: Deployer;
}

interface LocalCloudOptions {
  /** The addresses of the lab. When left out, the lab takes a free block of loopback. */
  readonly block?: AddressBlock;
  /** Added to moto's environment, so that `down` can find the process. */
  readonly processEnvironment: Readonly<Record<string, string>>;
  readonly cloudOptions?: Pick<CloudOptions, 'withDebianImages' | 'reusesAddresses' | 'publicPrefix'>;
  readonly lateVisibility?: CloudOptions['lateVisibility'];
  readonly ec2Timings?: CloudOptions['timings'];
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  await using started = new AsyncDisposableStack();
  const block = started.use(options.block ?? (await takeAddressBlock()));
  const { processEnvironment, cloudOptions, ec2Timings, lateVisibility } = options;
  const aws = started.use(
    await startCloud({
      ...cloudOptions,
      address: block.ownAddress,
      region: REGION,
      processEnvironment,
      deployerPolicy: deployerPolicy(),
      builderPolicy: builderPolicy(),
      ...(ec2Timings === undefined ? {} : { timings: ec2Timings }),
      ...(lateVisibility === undefined ? {} : { lateVisibility }),
      progress: options.progress,
      signal: options.signal,
    }),
  );
  const accessOf = (caller: string): Deployer => ({ endpoint: aws.url, key: aws.newKey(caller) });
  const clientsOf = ({ endpoint, key }: Deployer): AwsClients => started.use(labClients(endpoint, key));
  const operatorAccess = accessOf('operator');
  const operator = clientsOf(operatorAccess);
  const labAccess = accessOf(LAB_CALLER);
  const lab = clientsOf(labAccess);
  const people = { deployer: accessOf('deployer'), builder: accessOf('builder') };
  const all = started.move();
  return {
    block,
    aws,
    operator,
    operatorAccess,
    lab,
    ...people,
    labAccess,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
