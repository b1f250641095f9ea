// SPDX-License-Identifier: Apache-2.0
/** The images of Debian's account that moto has when it is started with them. They have Debian's own names. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('debian-images.json', import.meta.url));

/** This variable names the file from which moto reads the images that exist from the start. */
export const DEBIAN_IMAGES_ENVIRONMENT = { MOTO_AMIS_PATH: FILE } as const;

interface DebianImage {
  readonly imageId: string;
  readonly release: 12 | 13;
  readonly architecture: 'x86_64' | 'arm64';
}

export function debianImages(): readonly DebianImage[] {
  const images = JSON.parse(readFileSync(FILE, 'utf8')) as { ami_id: string; name: string; architecture: string }[];
  return images.map(({ ami_id: imageId, name, architecture }) => ({
    imageId,
    release: name.startsWith('debian-13-') ? 13 : 12,
    architecture: architecture === 'arm64' ? 'arm64' : 'x86_64',
  }));
}
