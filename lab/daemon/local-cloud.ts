/** The local AWS of one lab, from moto up to the operator's clients; the network block comes first and goes last. */
import { randomBytes } from 'node:crypto';
import { builderPolicy } from '../../bake/builder-policy.ts';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import type { ScalingTimings } from '../../cloud/auto-scaling/reconcile.ts';
import type { Ec2Timings, LateVisibility } from '../../cloud/ec2/lifetime.ts';
import { SPARED_CALLER } from '../../cloud/faults.ts';
import { type Gateway, startGateway } from '../../cloud/gateway.ts';
import { motoDirectory, startMoto } from '../../cloud/moto/moto.ts';
import type { AccessKey, AwsClients } from '../../tools/aws-clients.ts';
import { labClients, REGION } from '../aws-clients.ts';
import { type AddressBlock, takeAddressBlock } from './address-block.ts';
import type { Deployer } from './deployment.ts';

/** The lab's own looks at its cloud are nobody's calls: they are not listed, and no fault is meant for them. */
export const LAB_CALLER = SPARED_CALLER;

export interface LocalCloud extends AsyncDisposable {
  readonly block: AddressBlock;
  readonly gateway: Gateway;
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

export interface LocalCloudOptions {
  /** The addresses of the lab; a free block of loopback's is taken when it is left out. */
  readonly block?: AddressBlock;
  /** Added to moto's environment, so that `down` finds the process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly lateVisibility?: LateVisibility;
  readonly ec2Timings?: Partial<Ec2Timings>;
  readonly scalingTimings?: Partial<ScalingTimings>;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  await using started = new AsyncDisposableStack();
  const block = started.use(options.block ?? (await takeAddressBlock()));
  options.progress('starting moto');
  const moto = started.adopt(
    await startMoto({ address: block.ownAddress, environment: options.environment, signal: options.signal }),
    (running) => running.close(),
  );
  options.progress('starting the gateway');
  const gateway = started.adopt(
    await startGateway({
      address: block.ownAddress,
      moto,
      environment: motoDirectory(),
      region: REGION,
      deployerPolicy: deployerPolicy(),
      builderPolicy: builderPolicy(),
      ...(options.ec2Timings === undefined ? {} : { timings: options.ec2Timings }),
      ...(options.scalingTimings === undefined ? {} : { scalingTimings: options.scalingTimings }),
      ...(options.lateVisibility === undefined ? {} : { lateVisibility: options.lateVisibility }),
    }),
    (running) => running.close(),
  );
  const accessOf = (caller: string): Deployer => {
    const key = newAccessKey();
    gateway.registerCaller(key.accessKeyId, caller);
    return { endpoint: gateway.url, key };
  };
  const clientsOf = ({ endpoint, key }: Deployer): AwsClients => started.use(labClients(endpoint, key));
  const operator = clientsOf(accessOf('operator'));
  const labAccess = accessOf(LAB_CALLER);
  const lab = clientsOf(labAccess);
  const people = { deployer: accessOf('deployer'), builder: accessOf('builder') };
  const all = started.move();
  return { block, gateway, operator, lab, ...people, labAccess, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function newAccessKey(): AccessKey {
  return {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}
