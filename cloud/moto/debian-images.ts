// SPDX-License-Identifier: Apache-2.0
/** The images of Debian's account that moto knows when it is started with them, under the names that Debian gives them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('debian-images.json', import.meta.url));

/** Moto reads the images that are there from the start from the file that this names. */
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
