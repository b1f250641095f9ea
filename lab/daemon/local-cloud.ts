// SPDX-License-Identifier: Apache-2.0
/** The local AWS of one lab, from moto up to the operator's clients; the network block comes first and goes last. */
import { builderPolicy } from '../../bake/builder-policy.ts';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { type Cloud, type CloudOptions, SPARED_CALLER, startCloud } from '../../cloud/index.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { labClients, REGION } from '../aws-clients.ts';
import { type AddressBlock, takeAddressBlock } from './address-block.ts';
import type { Deployer } from './deployment.ts';

/** The lab's own looks at its cloud are nobody's calls: they are not listed, and no fault is meant for them. */
export const LAB_CALLER = SPARED_CALLER;

export interface LocalCloud extends AsyncDisposable {
  readonly block: AddressBlock;
  readonly aws: Cloud;
  /** The person at the command line. */
  readonly operator: AwsClients;
  /** The lab's own looks at the cloud (hypervisor, status): no part of what is measured or faulted. */
  readonly lab: AwsClients;
  /** A person with exactly the documented permissions. */
  readonly deployer: Deployer;
  /** Another one, who bakes images. */
  readonly builder: Deployer;
  /** What `lab` is, for other clients. */
  readonly labAccess: Deployer;
}

interface LocalCloudOptions {
  /** The addresses of the lab; a free block of loopback's is taken when it is left out. */
  readonly block?: AddressBlock;
  /** Added to moto's environment, so that `down` finds the process. */
  readonly processEnvironment: Readonly<Record<string, string>>;
  readonly cloudOptions?: Pick<CloudOptions, 'withDebianImages' | 'reusesAddresses'>;
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
  const operator = clientsOf(accessOf('operator'));
  const labAccess = accessOf(LAB_CALLER);
  const lab = clientsOf(labAccess);
  const people = { deployer: accessOf('deployer'), builder: accessOf('builder') };
  const all = started.move();
  return { block, aws, operator, lab, ...people, labAccess, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
