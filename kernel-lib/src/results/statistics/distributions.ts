/**
 * The two distributions that intervals and tests need. Degrees of freedom are whole numbers here (seeds minus one), for which Student's t
 * has a finite closed form, so this is shorter than a library and exact to rounding (docs/decisions/0011-statistics-and-claims.md).
 */

/**
 * P(Z > x) for a standard normal Z; relative error below 1e-13 for x > 0.
 *
 * @example
 * normalTail(1.959964); // 0.025
 */
export function normalTail(x: number): number {
  if (x < 0) return 1 - normalTail(-x);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x >= 3) {
    // Laplace's continued fraction, from the inside out: it converges fast here and keeps the tail's relative precision.
    let fraction = x;
    for (let k = 80; k > 0; k--) fraction = x + k / fraction;
    return density / fraction;
  }
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * sum; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 - density * sum;
}

/**
 * P(T > x) for Student's t: Abramowitz and Stegun 26.7.3 and 26.7.4.
 *
 * @param freedom degrees of freedom, a positive whole number; `Infinity` is the normal distribution.
 * @example
 * tTail(2.776445, 4); // 0.025
 */
export function tTail(x: number, freedom: number): number {
  if (x < 0) return 1 - tTail(-x, freedom);
  // The sum has half as many terms as there are degrees; beyond this the two differ by less than a thousandth of the tail (x = 2).
  if (freedom > 20_000) return normalTail(x);
  const angle = Math.atan2(x, Math.sqrt(freedom));
  const cosine = Math.cos(angle);
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < freedom; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  const within = isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return Math.max(0, (1 - within) / 2);
}

/**
 * The x that Student's t exceeds with a given probability below one half.
 *
 * @example
 * tCritical(0.025, 4); // 2.776
 * tCritical(0.025, Infinity); // 1.960
 */
export function tCritical(tail: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (tTail(high, freedom) > tail && high < 1e300) [low, high] = [high, 2 * high];
  while (high - low > 1e-13 * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (tTail(middle, freedom) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
