// SPDX-License-Identifier: Apache-2.0
/** Facts of an instance's launch that DescribeInstances does not return. */
import { DescribeInstanceAttributeCommand, DescribeKeyPairsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { InstanceFacts } from '../metadata/instance-facts.ts';

type PublicKeys = NonNullable<InstanceFacts['publicKeys']>;

export async function userDataOf(ec2: EC2Client, instance: string): Promise<string> {
  const command = new DescribeInstanceAttributeCommand({ InstanceId: instance, Attribute: 'userData' });
  const { UserData } = await ec2.send(command);
  return Buffer.from(UserData?.Value ?? '', 'base64').toString();
}

/** Public keys of key pairs. Each is read once, because it never changes. */
export class KeyPairs {
  readonly #ec2: EC2Client;
  readonly #known = new Map<string, Promise<PublicKeys>>();

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /** The keys of the key pair with this name; none without a name. */
  publicKeys(name: string | undefined): Promise<PublicKeys> {
    if (name === undefined) return Promise.resolve([]);
    let keys = this.#known.get(name);
    if (keys === undefined) {
      keys = this.#ask(name);
      keys.catch(() => this.#known.delete(name));
      this.#known.set(name, keys);
    }
    return keys;
  }

  async #ask(name: string): Promise<PublicKeys> {
    const command = new DescribeKeyPairsCommand({ KeyNames: [name], IncludePublicKey: true });
    const { KeyPairs: [pair] = [] } = await this.#ec2.send(command);
    return pair?.PublicKey === undefined ? [] : [{ name, openSsh: pair.PublicKey }];
  }
}
