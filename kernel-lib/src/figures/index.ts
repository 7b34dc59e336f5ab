export { accuracyByKl } from "./accuracy-by-kl.js";
export { accuracyByRound } from "./accuracy-by-round.js";
export { comparisonAccuracy } from "./comparison-accuracy.js";
export { type Figure, isFigure, type Layout, type Trace } from "./figure.js";
export { labelAccuracy } from "./label-accuracy.js";
export { mainFigure } from "./main-figure.js";
export { defaultSize, figureToPng, figureToSvg, type Png, svgToPng } from "./render.js";
export { errorBars, type MethodStyle, methodLine, methodStyle, namedMethods, themedLayout } from "./theme.js";
