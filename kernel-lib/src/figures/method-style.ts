/** How a method looks in every figure: by colour, and, for black-and-white print, by marker and dash. */
export interface MethodStyle {
  readonly color: string;
  readonly symbol: string;
  readonly dash: string;
}
