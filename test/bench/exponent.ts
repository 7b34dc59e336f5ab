/** The law of a cost: seconds = a * size^exponent, by least squares of logarithms. */
export interface PowerLaw {
  readonly exponent: number;
  /** Of the exponent: residual standard error over the spread of the sizes. NaN for two points, which fit without rest. */
  readonly standardError: number;
}

/**
 * @throws Error for fewer than two sizes, and for a size or cost that has no logarithm.
 * @example
 * powerLaw([1, 2, 4], [3, 6, 12]).exponent; // 1
 */
export function powerLaw(sizes: readonly number[], costs: readonly number[]): PowerLaw {
  const [x, y] = [sizes, costs].map((values) => values.map(Math.log)) as [number[], number[]];
  if (x.length !== y.length || new Set(x).size < 2 || ![...x, ...y].every(Number.isFinite))
    throw new Error(`no power law through sizes ${sizes.join()} and costs ${costs.join()}`);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [centreX, centreY] = [mean(x), mean(y)];
  const spread = x.reduce((sum, value) => sum + (value - centreX) ** 2, 0);
  const exponent = x.reduce((sum, value, k) => sum + (value - centreX) * (y[k]! - centreY), 0) / spread;
  const rest = x.reduce((sum, value, k) => sum + (y[k]! - centreY - exponent * (value - centreX)) ** 2, 0);
  return { exponent, standardError: Math.sqrt(rest / (x.length - 2) / spread) };
}
