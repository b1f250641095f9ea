// SPDX-License-Identifier: Apache-2.0
/** The facts that the metadata service of one instance returns. */
export interface InstanceFacts {
  readonly instance: string;
  readonly address: string;
  readonly region: string;
  readonly zone: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly accountId: string;
  readonly role: string;
  readonly userData: string;
  /** The public address that the instance has now. */
  readonly publicAddress?: () => Promise<string | undefined>;
  /** The keys of the key pair that the instance was launched with. */
  readonly publicKeys?: readonly { readonly name: string; readonly openSsh: string }[];
  /** Served under tags/instance. Undefined when the launch template does not enable this. */
  readonly tags?: Readonly<Record<string, string>>;
}

export interface InstanceCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
}

/** The document's fields as EC2 gives them. */
export function identityDocument(facts: InstanceFacts): string {
  return JSON.stringify(
    {
      accountId: facts.accountId,
      architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
      availabilityZone: facts.zone,
      imageId: facts.imageId,
      instanceId: facts.instance,
      instanceType: facts.instanceType,
      pendingTime: new Date().toISOString(),
      privateIp: facts.address,
      region: facts.region,
      version: '2017-09-30',
    },
    undefined,
    2,
  );
}
