// SPDX-License-Identifier: Apache-2.0
import { isIPv4 } from 'node:net';
import { AgentError } from '../errors.ts';
import type { InstanceIdentity, Metadata } from '../ports.ts';
import type { MetadataService } from './metadata-service.ts';

const IDENTITY = '/latest/dynamic/instance-identity/document';
const PUBLIC_ADDRESS = '/latest/meta-data/public-ipv4';
const TARGET_STATE = '/latest/meta-data/autoscaling/target-lifecycle-state';

/** The metadata port. It remembers the identity, because an instance's identity never changes. */
export class InstanceMetadata implements Metadata {
  readonly #service: MetadataService;
  readonly #onIdentity: () => void;
  #identity: InstanceIdentity | undefined;

  constructor(service: MetadataService, onIdentity: () => void = () => {}) {
    this.#service = service;
    this.#onIdentity = onIdentity;
  }

  /** Undefined until identity() has answered once. */
  get instance(): string | undefined {
    return this.#identity?.instance;
  }

  async identity(signal: AbortSignal): Promise<InstanceIdentity> {
    if (this.#identity === undefined) {
      this.#identity = identityOf(await this.#service.get(IDENTITY, signal));
      this.#onIdentity();
    }
    return this.#identity;
  }

  async targetLifecycleState(signal: AbortSignal): Promise<string | undefined> {
    const state = (await this.#service.get(TARGET_STATE, signal))?.trim();
    if (state === undefined || /^[A-Za-z:]+$/.test(state)) return state;
    throw noMetadata(`${TARGET_STATE} is no lifecycle state`);
  }

  /** The public IPv4 address that the instance has now. Undefined when it has none. */
  async publicAddress(signal: AbortSignal): Promise<string | undefined> {
    const address = (await this.#service.get(PUBLIC_ADDRESS, signal))?.trim();
    if (address === undefined || isIPv4(address)) return address;
    throw noMetadata(`${PUBLIC_ADDRESS} is no address`);
  }
}

function identityOf(text: string | undefined): InstanceIdentity {
  if (text === undefined) throw noMetadata('it has no identity document');
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw noMetadata('its identity document is no JSON', error);
  }
  const field = (name: string) => {
    const value = (Object(document) as Record<string, unknown>)[name];
    if (typeof value === 'string' && value !== '') return value;
    throw noMetadata(`its identity document has no ${name}`);
  };
  return {
    instance: field('instanceId'),
    address: field('privateIp'),
    region: field('region'),
    zone: field('availabilityZone'),
  };
}

function noMetadata(why: string, cause?: unknown): AgentError {
  return new AgentError(
    'NO_METADATA',
    `The instance metadata service does not say who this node is: ${why}.`,
    'Check that AWS_EC2_METADATA_SERVICE_ENDPOINT, if set, names the metadata service of this instance.',
    cause,
  );
}
