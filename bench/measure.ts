// SPDX-License-Identifier: Apache-2.0
/** What every benchmark shares: pairs of measurements taken in turn, their medians, spread and ratio. */

interface Figures {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export interface Comparison {
  readonly name: string;
  readonly rounds: number;
  /** What is measured, and what it is held against, in words. */
  readonly product: string;
  readonly floor: string;
  readonly productFigures: Figures;
  readonly floorFigures: Figures;
  /** Median of the product over median of the floor. */
  readonly ratio: number;
  /** The smallest and largest ratio of a pair taken in turn. */
  readonly ratioSpread: readonly [number, number];
  readonly target: number;
  readonly more?: Readonly<Record<string, number>>;
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export function figuresOf(values: readonly number[]): Figures {
  return { medianMs: round(median(values)), minMs: round(Math.min(...values)), maxMs: round(Math.max(...values)) };
}

interface Contest {
  readonly name: string;
  readonly rounds: number;
  readonly product: string;
  readonly floor: string;
  readonly target: number;
  /** Rounds before the counted ones. */
  readonly warmUp?: number;
  /** Each resolves with milliseconds. */
  measureProduct(): Promise<number>;
  measureFloor(): Promise<number>;
  readonly progress: (line: string) => void;
}

/** Product and floor in turn, the order alternating, so that a machine that slows down slows both. */
export async function compare(contest: Contest): Promise<Comparison> {
  const product: number[] = [];
  const floor: number[] = [];
  const warmUp = contest.warmUp ?? 0;
  for (let index = -warmUp; index < contest.rounds; index++) {
    const productFirst = index % 2 === 0;
    const first = productFirst ? await contest.measureProduct() : await contest.measureFloor();
    const second = productFirst ? await contest.measureFloor() : await contest.measureProduct();
    if (index < 0) continue;
    product.push(productFirst ? first : second);
    floor.push(productFirst ? second : first);
    contest.progress(
      `${contest.name} ${index + 1}/${contest.rounds}: ${round(product.at(-1) ?? 0)} ms against ${round(floor.at(-1) ?? 0)} ms`,
    );
  }
  return comparisonOf(contest, product, floor);
}

/** Milliseconds of rounds in which product and floor took turns. */
export function comparisonOf(
  { name, product, floor, target }: Pick<Contest, 'name' | 'product' | 'floor' | 'target'>,
  productMs: readonly number[],
  floorMs: readonly number[],
): Comparison {
  const ratios = productMs.map((value, index) => value / (floorMs[index] ?? Number.NaN));
  return {
    name,
    rounds: productMs.length,
    product,
    floor,
    productFigures: figuresOf(productMs),
    floorFigures: figuresOf(floorMs),
    ratio: round(median(productMs) / median(floorMs), 2),
    ratioSpread: [round(Math.min(...ratios), 2), round(Math.max(...ratios), 2)],
    target,
  };
}
