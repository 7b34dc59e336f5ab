export { type Figure, isFigure, type Layout, type Trace } from "./figure.js";
export { defaultSize, figureToPng, figureToSvg, type Png, svgToPng } from "./render.js";
export {
  errorBars,
  type Interval,
  type MethodStyle,
  methodLine,
  methodStyle,
  namedMethods,
  themedLayout,
} from "./theme.js";
