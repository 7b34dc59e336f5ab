/** Losses that a researcher writes down: one line of arithmetic, read here and by trainers in other languages alike. */
import jsep from "jsep";
import { LabError, nearestName } from "../core/index.js";

/** What a formula may name: the pair's margin in nats (the preference loss's argument) and the strength of the KL anchor. */
const VARIABLES = ["margin", "beta"] as const;

/** Functions and how many arguments they take. */
const FUNCTIONS = {
  ...{ exp: 1, log: 1, sqrt: 1, square: 1, abs: 1, tanh: 1 },
  ...{ sigmoid: 1, log_sigmoid: 1, softplus: 1, max: 2, min: 2 },
} as const;

export type FormulaFunction = keyof typeof FUNCTIONS;
export type FormulaVariable = (typeof VARIABLES)[number];

/** A formula as a tree. */
export type Formula =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "variable"; readonly name: FormulaVariable }
  | { readonly kind: "operation"; readonly operator: "+" | "-" | "*" | "/"; readonly of: readonly [Formula, Formula] }
  | { readonly kind: "function"; readonly name: FormulaFunction; readonly of: readonly Formula[] };

/**
 * Reads the formula of a loss per pair: numbers, `margin`, `beta`, + - * /, parentheses, and exp, log, sqrt, square, abs, tanh, sigmoid,
 * log_sigmoid, softplus, max, min.
 *
 * @throws LabError `config-invalid` naming what cannot be read.
 * @example
 * parseFormula("max(0, 1 - beta * margin)"); // SLiC-HF's hinge
 * parseFormula("-log_sigmoid(beta * margin)"); // DPO
 */
export function parseFormula(text: string): Formula {
  const formula = read(parse(text), text);
  if (!names(formula, "margin")) {
    throw invalid(text, "it does not depend on margin: nothing would be learned", "such as max(0, 1 - beta * margin)");
  }
  return formula;
}

function parse(text: string): jsep.Expression {
  try {
    return jsep(text);
  } catch (cause) {
    throw invalid(text, (cause as Error).message, "such as max(0, 1 - beta * margin)");
  }
}

function read(node: jsep.Expression, text: string): Formula {
  switch (node.type) {
    case "Literal":
      if (typeof node.value === "number") return { kind: "number", value: node.value };
      break;
    case "Identifier":
      return { kind: "variable", name: known(String(node.name), VARIABLES, "variable", text) };
    case "UnaryExpression":
      if (node.operator === "-") {
        return { kind: "operation", operator: "*", of: [{ kind: "number", value: -1 }, argument(node.argument, text)] };
      }
      break;
    case "BinaryExpression":
      if (isOperator(node.operator)) {
        const of = [argument(node.left, text), argument(node.right, text)] as const;
        return { kind: "operation", operator: node.operator, of };
      }
      break;
    case "CallExpression":
      return call(node as jsep.CallExpression, text);
  }
  const what = typeof node.operator === "string" ? `operator ${node.operator}` : node.type;
  throw invalid(text, `it cannot hold ${what}`, "expected numbers, margin, beta, + - * /, functions and parentheses");
}

function call(node: jsep.CallExpression, text: string): Formula {
  const names = Object.keys(FUNCTIONS) as FormulaFunction[];
  const name = known(String(node.callee.name), names, "function", text);
  const of = node.arguments.map((each) => read(each, text));
  const wanted = FUNCTIONS[name];
  if (of.length === wanted) return { kind: "function", name, of };
  throw invalid(text, `${name} takes ${wanted === 1 ? "one argument" : "two arguments"}, got ${of.length}`);
}

const argument = (node: unknown, text: string): Formula => read(node as jsep.Expression, text);

function isOperator(operator: unknown): operator is "+" | "-" | "*" | "/" {
  return typeof operator === "string" && ["+", "-", "*", "/"].includes(operator);
}

function known<T extends string>(name: string, all: readonly T[], kind: string, text: string): T {
  const found = all.find((each) => each === name);
  if (found !== undefined) return found;
  const near = nearestName(name, all);
  throw invalid(text, `there is no ${kind} ${name}`, near ? `did you mean ${near}?` : `known: ${all.join(", ")}`);
}

function names(formula: Formula, variable: FormulaVariable): boolean {
  if (formula.kind === "variable") return formula.name === variable;
  return formula.kind !== "number" && formula.of.some((part) => names(part, variable));
}

function invalid(text: string, problem: string, hint?: string): LabError {
  return new LabError(
    "config-invalid",
    `the formula ${JSON.stringify(text)} is not a loss: ${problem}`,
    hint ? { hint } : {},
  );
}
