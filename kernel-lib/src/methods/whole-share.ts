/** floor(share * total), where 0.29 of 100 is 29 although 0.29 * 100 is less in floating point. */
export function wholeShare(share: number, total: number): number {
  return Math.floor(share * total + 1e-9);
}
