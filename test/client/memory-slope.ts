// SPDX-License-Identifier: Apache-2.0
/** The straight line that fits the points best: how much `y` grows where `x` grows by one. */
export function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middleX, middleY] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
  const over = points.reduce((sum, { x, y }) => sum + (x - middleX) * (y - middleY), 0);
  const under = points.reduce((sum, { x }) => sum + (x - middleX) ** 2, 0);
  return over / under;
}
