// SPDX-License-Identifier: Apache-2.0
/**
 * The disks of images. Each is a list of layers, topmost first, on the root file system of a Debian release. The
 * changes of a stopped machine are copied, and become the topmost layer of the image that is made from it.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { copyLayer } from '../container/layers.ts';

export class ImageDisks {
  readonly #directory: string;
  readonly #layers: Map<string, readonly string[]>;

  /** `bases` are the disks of the images that exist from the start. */
  constructor(directory: string, bases: ReadonlyMap<string, readonly string[]>) {
    this.#directory = directory;
    this.#layers = new Map(bases);
  }

  /** Topmost first; undefined for an image that has no disk here. */
  layersOf(imageId: string): readonly string[] | undefined {
    return this.#layers.get(imageId);
  }

  /** `upper` belongs to a machine that is off, and was on top of these layers. */
  async capture(imageId: string, upper: string, layers: readonly string[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o755 });
    const layer = join(this.#directory, imageId);
    const unfinished = `${layer}.unfinished`;
    try {
      await copyLayer(upper, unfinished);
      await rename(unfinished, layer);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      throw error;
    }
    this.#layers.set(imageId, [layer, ...layers]);
  }

  /** Layers never change, so a copy has the same ones. */
  copy(source: string, imageId: string): void {
    const layers = this.#layers.get(source);
    if (layers === undefined) throw new Error(`The image ${source} has no disk in this lab.`);
    this.#layers.set(imageId, layers);
  }
}
