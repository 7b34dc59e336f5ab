import type { MethodStyle } from "./method-style.js";

/**
 * Looks of the arms that answer the reviewers' questions, by question. One figure shows the arms of one question beside those of the main
 * experiment, so looks are told apart within a question and from those, not across questions. Filters and other rules of ILR's loop are solid.
 */
export const reviewersStyles: Readonly<Record<string, Readonly<Record<string, MethodStyle>>>> = {
  loss: {
    "SFT on chosen, from SFT": { color: "#004488", symbol: "cross", dash: "dash" },
    "SFT on chosen, from SFT, lr 5e-5": { color: "#225555", symbol: "square-open", dash: "dashdot" },
    "SFT on chosen, from pretrained": { color: "#661100", symbol: "hourglass", dash: "dash" },
  },
  pairs: {
    "DPO on ILR's pairs (evaluator)": { color: "#004488", symbol: "cross", dash: "dash" },
    "DPO on ILR's pairs (noisy oracle 0.75)": { color: "#4B5320", symbol: "square-open", dash: "dot" },
    "DPO on ILR's pairs, lr 1e-5": { color: "#225555", symbol: "pentagon", dash: "dash" },
    "DPO on ILR's pairs (oracle)": { color: "#EE8866", symbol: "diamond-open", dash: "solid" },
  },
  care: {
    "DPO, label smoothing 0.1": { color: "#4B5320", symbol: "cross", dash: "dashdot" },
    "DPO, label smoothing 0.25": { color: "#661100", symbol: "square-open", dash: "longdash" },
    IPO: { color: "#6699CC", symbol: "pentagon", dash: "dot" },
    "DPO, 6 rounds": { color: "#EE8866", symbol: "diamond-open", dash: "longdash" },
    "DPO, beta 0.5, 6 rounds": { color: "#CC6677", symbol: "triangle-right", dash: "dashdot" },
    "DPO, lr 1e-5, 6 rounds": { color: "#882255", symbol: "hourglass", dash: "dot" },
    "DPO, beta 0.5, lr 1e-5, 6 rounds": { color: "#5D3A9B", symbol: "bowtie", dash: "dashdot" },
  },
  dropping: {
    "Drop doubtful (evaluator)": { color: "#661100", symbol: "cross", dash: "solid" },
    "Drop doubtful (noisy oracle 0.75)": { color: "#882255", symbol: "square-open", dash: "solid" },
    "Keep agreed, 1 round": { color: "#EE8866", symbol: "pentagon", dash: "solid" },
  },
  comparing: {
    "Replace all": { color: "#661100", symbol: "hourglass", dash: "solid" },
  },
  ensemble: {
    "Two models agree": { color: "#661100", symbol: "triangle-right", dash: "solid" },
    "Two models agree, no cap": { color: "#EE8866", symbol: "bowtie", dash: "solid" },
    "ILR, not crossed (noisy oracle 0.75)": { color: "#882255", symbol: "diamond-open", dash: "solid" },
  },
};
