// SPDX-License-Identifier: Apache-2.0
/** The whole local AWS: moto, and before it the gateway, which receives all calls. */
import { randomBytes } from 'node:crypto';
import type { AccessKey } from '../tools/aws-clients.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
import { DEBIAN_IMAGES_ENVIRONMENT } from './moto/debian-images.ts';
import { motoDirectory, REUSED_ADDRESSES, startMoto } from './moto/moto.ts';

export interface CloudOptions extends Omit<GatewayOptions, 'address' | 'moto' | 'environment'> {
  /** A loopback address, or the address in a network namespace without a way out; 127.0.0.1 when left out. */
  readonly address?: string;
  /** EC2 has Debian's own images from the start, those of `debianImages()`. */
  readonly withDebianImages?: boolean;
  /** A terminated instance's private address goes to the next instance in its subnet at once, as can happen in EC2. */
  readonly reusesAddresses?: boolean;
  /** Added to the environment of the processes that belong to the cloud, so that their owner can find them. */
  readonly processEnvironment?: Readonly<Record<string, string>>;
  /** Called for slow parts with a sentence, and the finished part, from 0 to 1. */
  readonly progress?: (sentence: string, done?: number) => void;
  /** Stops the start. */
  readonly signal?: AbortSignal;
}

export interface Cloud extends Gateway, AsyncDisposable {
  /** A new access key for this caller: `operator`, who may do everything, or an instance id. */
  newKey(caller: string): AccessKey;
}

/**
 * Starts the cloud. The first start installs moto, which takes a minute. Rejects when one of its two servers can't
 * listen. Its processes end with this one, or when it is disposed of.
 */
export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  const { address = '127.0.0.1', withDebianImages = false, reusesAddresses = false, ...others } = options;
  const { processEnvironment, progress, signal, ...ofGateway } = others;
  await using started = new AsyncDisposableStack();
  progress?.('starting moto');
  const moto = started.adopt(
    await startMoto({
      address,
      environment: {
        ...(withDebianImages ? DEBIAN_IMAGES_ENVIRONMENT : {}),
        ...(reusesAddresses ? REUSED_ADDRESSES : {}),
        ...processEnvironment,
      },
      ...(progress === undefined ? {} : { progress }),
      ...(signal === undefined ? {} : { signal }),
    }),
    (running) => running.close(),
  );
  progress?.('starting the gateway');
  const gateway = started.adopt(
    await startGateway({ ...ofGateway, address, moto, environment: motoDirectory() }),
    (running) => running.close(),
  );
  const all = started.move();
  const close = (): Promise<void> => all.disposeAsync();
  const newKey = (caller: string): AccessKey => {
    const key = newAccessKey();
    gateway.registerCaller(key.accessKeyId, caller);
    return key;
  };
  return { ...gateway, newKey, close, [Symbol.asyncDispose]: close };
}

function newAccessKey(): AccessKey {
  return {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}
