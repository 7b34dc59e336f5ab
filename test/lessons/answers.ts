/** What students may write besides the solutions: wrong answers, with what the check must say of them, and right ones of another form. */

export interface OtherAnswers {
  readonly wrong: readonly (readonly [code: string, says: RegExp])[];
  readonly right: readonly string[];
}

const probabilities =
  "interface LogProbabilities { readonly policyChosen: number; readonly policyRejected: number; readonly referenceChosen: number; readonly referenceRejected: number }";
const loss = (body: string): string =>
  `${probabilities}\nfunction dpoLoss(p: LogProbabilities, beta: number): number { ${body} }`;
const candidate = "interface Candidate { readonly name: string; readonly validation: number; readonly test: number }";
const choose = (body: string): string =>
  `${candidate}\nfunction choose(candidates: readonly Candidate[]): Candidate { ${body} }`;
const scored = "interface Scored { readonly id: string; readonly score: number }";
const toReplace = (body: string): string =>
  `${scored}\nfunction toReplace(pairs: readonly Scored[], total: number, alpha: number): string[] { ${body} }`;
const byKind = (body: string): string =>
  `function accuracyByKind(rows: readonly Marked[]): Record<string, number> { ${body} }`;
const majority = (body: string): string => `function majority(votes: readonly string[]): string { ${body} }`;
const below = (body: string): string => `function fallsBelow(rows: readonly Row[], sft: number): string[] { ${body} }`;
const ends = (middle: string, high: string, perfectMiddle: string, perfectHigh: string): string =>
  `const ends: any = { "right 0.6": { middle: "${middle}", high: "${high}" }, perfect: { middle: "${perfectMiddle}", high: "${perfectHigh}" } };`;

export const otherAnswers: Readonly<Record<string, OtherAnswers>> = {
  "1.1": {
    wrong: [
      [byKind("return {};"), /the kinds, for five rows of the kinds share and rate: got \[\], expected/],
      [
        byKind(
          "const n: Record<string, number> = {}; for (const r of rows) n[r.kind] = (n[r.kind] ?? 0) + Number(r.right); return n;",
        ),
        /the accuracy of share.*got 2, expected 0\.5/,
      ],
      [byKind("return undefined as never;"), /the function returned undefined; expected an object/],
      [byKind("return (rows as any).none.share;"), /your code stopped with TypeError/],
    ],
    right: [
      byKind(`const tally = new Map<string, [number, number]>();
  rows.forEach(({ kind, right }) => { const [n, all] = tally.get(kind) ?? [0, 0]; tally.set(kind, [n + (right ? 1 : 0), all + 1]); });
  return Object.fromEntries([...tally].map(([kind, [n, all]]) => [kind, n / all]));`),
    ],
  },
  "1.2": {
    wrong: [
      [
        'const misleading: string[] = ["change-two"];',
        /the misleading kinds, in alphabetical order: got \[ 'change-two' \], expected \[/,
      ],
      ["const misleading: string[] = order.filter((kind) => ofTeacher[kind] >= 0.25);", /the misleading kinds/],
      ["const misleading: any = 5;", /misleading is 5; expected a list of names/],
    ],
    right: ["const misleading: string[] = order.filter((kind) => ofTeacher[kind] * 4 < 1).reverse();"],
  },
  "1.3": {
    wrong: [
      [majority("return votes[0];"), /the majority of 3, 4, 5, 5, 6: got '3', expected '5'/],
      [majority("return [...votes].sort().pop();"), /the majority of 12, 7, 12: got '7', expected '12'/],
      [
        majority("return votes.find((vote) => votes.filter((v) => v === vote).length > votes.length / 2);"),
        /5, 5, 6: got undefined/,
      ],
    ],
    right: [
      majority(`let [best, most] = ["", 0];
  const seen: Record<string, number> = {};
  for (const vote of votes) { seen[vote] = (seen[vote] ?? 0) + 1; if (seen[vote] > most) [best, most] = [vote, seen[vote]]; }
  return best;`),
    ],
  },
  "1.4": {
    wrong: [
      [
        'const voteHelps = { "twice-total": true, "change-two": true };',
        /you predicted that voting helps with change-two, but one answer is right in [\d.]+ %, the vote of nine in/,
      ],
      ['const voteHelps = { "twice-total": false, "change-two": false };', /voting does not help with twice-total/],
      ['const voteHelps: any = { "twice-total": 21 };', /voteHelps has 21 for twice-total; expected true or false/],
    ],
    right: ['const voteHelps = { "change-two": 1 > 2, "twice-total": 2 > 1 };'],
  },
  "2.1": {
    wrong: [
      [
        "function preference(rewardA: number, rewardB: number): number { return 1 / (1 + Math.exp(rewardB - rewardA)); }",
        /rewards 0 and 1 gave a belief of 0\.26\d+ that b is better/,
      ],
      [
        "function preference(rewardA: number, rewardB: number): number { return rewardB > rewardA ? 1 : rewardB < rewardA ? 0 : 0.5; }",
        /larger by log 3: got 1, expected 0\.75/,
      ],
      [
        "function preference(rewardA: number, rewardB: number): number { return Math.exp(rewardB) / (Math.exp(rewardA) + Math.exp(rewardB)); }",
        /larger by 1000: got NaN, expected 1/,
      ],
    ],
    right: ["const preference = (a: number, b: number): number => 0.5 + 0.5 * Math.tanh((b - a) / 2);"],
  },
  "2.2": {
    wrong: [
      [
        loss("return -Math.log(1 / (1 + Math.exp(-beta * (p.policyChosen - p.policyRejected))));"),
        /while the policy still is the reference: got 0\.85\d+, expected 0\.693147/,
      ],
      [
        loss(
          "return Math.log(1 + Math.exp(beta * (p.policyChosen - p.referenceChosen - p.policyRejected + p.referenceRejected)));",
        ),
        /the policy made the chosen answer likelier.*expected a smaller one/,
      ],
      [
        loss(
          "return Math.log2(1 + Math.exp(-beta * (p.policyChosen - p.referenceChosen - p.policyRejected + p.referenceRejected)));",
        ),
        /got 1, expected 0\.693147/,
      ],
      [
        loss(
          "return Math.log(1 + Math.exp(-0.1 * (p.policyChosen - p.referenceChosen - p.policyRejected + p.referenceRejected)));",
        ),
        /the loss for rewards of 1 and -2\.5/,
      ],
    ],
    right: [
      loss(`const margin = p.policyChosen - p.policyRejected - (p.referenceChosen - p.referenceRejected);
  return Math.log1p(Math.exp(-beta * margin));`),
    ],
  },
  "2.3": {
    wrong: [
      [
        "function marginFor(loss: number, beta: number): number { return -loss / beta; }",
        /the margin for a loss of log 2: got -6\.93147, expected 0/,
      ],
      [
        "function marginFor(loss: number, beta: number): number { return -Math.log(Math.exp(loss) - 1); }",
        /the margin that you gave for loss 0\.1 and beta 0\.1/,
      ],
    ],
    right: [
      "const marginFor = (loss: number, beta: number): number => { const belief = Math.exp(-loss); return Math.log(belief / (1 - belief)) / beta; };",
    ],
  },
  "2.4": {
    wrong: [
      [
        "const larger = { loss: 10, margin: 0.1, divergence: 0.1 };",
        /you predicted the larger loss at beta 10; it was [\d.]+ at beta 0\.1 and [\d.]+ at beta 10/,
      ],
      ["const larger = { loss: 0.1, margin: 10, divergence: 0.1 };", /the larger margin at beta 10/],
      ["const larger = { loss: 0.1, margin: 0.1, divergence: 10 };", /the larger divergence at beta 10/],
    ],
    right: ["const small = 0.1;\nconst larger = { divergence: small, loss: small, margin: small };"],
  },
  "3.1": {
    wrong: [
      [
        below("return rows.filter(({ accuracy }) => accuracy < sft).map(({ arm }) => arm);"),
        /the arm that fell to 40 and came back to 60 was named/,
      ],
      [
        below(
          "return [...new Set(rows.map(({ arm }) => arm))].filter((arm) => rows.filter((row) => row.arm === arm).pop().accuracy < sft);",
        ),
        /70 in round 1 and 30 in round 2 was not named/,
      ],
      [
        below(
          "return [...new Set(rows.map(({ arm }) => arm))].filter((arm) => [...rows].sort((a, b) => b.round - a.round).find((row) => row.arm === arm).accuracy <= sft);",
        ),
        /same accuracy as SFT was named/,
      ],
    ],
    right: [
      below(`const last: Record<string, Row> = {};
  for (const row of rows) if (!(last[row.arm]?.round > row.round)) last[row.arm] = row;
  return Object.values(last).flatMap(({ arm, accuracy }) => (accuracy < sft ? [arm] : []));`),
    ],
  },
  "3.2": {
    wrong: [
      [
        ends("above", "below", "above", "below"),
        /"above" for comparisons right 0\.6, rate middle; it ended at [\d.]+ %/,
      ],
      [ends("below", "below", "above", "above"), /"above" for comparisons perfect, rate high/],
      [ends("below", "below", "below", "below"), /"below" for comparisons perfect, rate middle/],
    ],
    right: [ends("below", "below", "above", "below")],
  },
  "3.3": {
    wrong: [
      [
        choose("return [...candidates].sort((a, b) => b.test - a.test)[0];"),
        /took the one with the better test accuracy/,
      ],
      [
        choose("return candidates[0];"),
        /the choice among validation accuracies of 40, 70 and 60: got 'a', expected 'b'/,
      ],
      [
        choose("return candidates.reduce((best, one) => (one.validation >= best.validation ? one : best));"),
        /the choice between equals: got 'second', expected 'first'/,
      ],
    ],
    right: [
      choose(
        "return candidates.find(({ validation }) => validation === Math.max(...candidates.map((one) => one.validation)));",
      ),
    ],
  },
  "3.4": {
    wrong: [
      ["const change: number = 3;", /you predicted 3 points; it was -[\d.]+$/],
      ["const change: number = -45;", /you predicted -45 points; it was -[\d.]+, more than ten away/],
      ['const change: any = "a fall";', /change is a fall; expected a number of points/],
    ],
    right: ["const change: number = -10;"],
  },
  "4.1": {
    wrong: [
      [toReplace("return pairs.map(({ id }) => id);"), /a score of 0\.2/],
      [toReplace("return pairs.filter(({ score }) => score >= 0.5).map(({ id }) => id);"), /exactly 0\.5/],
      [
        toReplace("return pairs.filter(({ score }) => score > 0.5).map(({ id }) => id);"),
        /of 10 in all, alpha 0\.2: got \[ 'a', 'b', 'e' \]/,
      ],
      [
        toReplace(
          "return pairs.filter(({ score }) => score > 0.5).slice(0, Math.floor(alpha * total)).map(({ id }) => id);",
        ),
        /alpha 0\.2: got \[ 'a', 'b' \], expected \[ 'b', 'e' \]/,
      ],
      [
        toReplace(
          "return [...pairs].sort((x, y) => y.score - x.score).filter(({ score }) => score > 0.5).slice(0, Math.round(alpha * total)).map(({ id }) => id);",
        ),
        /alpha 0\.19: got \[ 'b', 'e' \]/,
      ],
    ],
    right: [
      toReplace(`const sure = pairs.filter(({ score }) => score > 0.5);
  const scores = sure.map(({ score }) => score).sort((x, y) => x - y).reverse();
  const least = scores[Math.min(Math.floor(total * alpha), scores.length) - 1] ?? Infinity;
  return sure.filter(({ score }) => score >= least).map(({ id }) => id);`),
    ],
  },
  "4.2": {
    wrong: [
      [
        'const mine: RefinementRule = refinementRule("all", ({ pairs }) => pairs.filter(({ score }) => score > 0.5).map(({ id }) => id));',
        /the number of labels replaced in round 1, by your rule and by the library's: got \d+, expected 150/,
      ],
    ],
    right: [
      'const mine: RefinementRule = refinementRule("by hand", ({ pairs, total, alpha }) => [...pairs].sort((x, y) => y.score - x.score).slice(0, Math.floor(alpha * total)).filter(({ score }) => score > 0.5).map(({ id }) => id));',
    ],
  },
  "4.3": {
    wrong: [
      [
        "const expected = (q: number, p: number, l: number) => ({ fixed: p, broken: l });",
        /labels broken by comparisons that are always right: got 20, expected 0/,
      ],
      [
        "const expected = (q: number, p: number, l: number) => ({ fixed: q * p, broken: q * l });",
        /always right: got 20, expected 0/,
      ],
    ],
    right: ["const expected = (q: number, p: number, l: number) => ({ broken: l - q * l, fixed: p * q });"],
  },
  "4.4": {
    wrong: [
      ["const breakEven: number = 0.5;", /labels fixed less labels broken at your 0\.500: got -?[\d.]+, expected 0/],
      ["const breakEven: number = onlyLabel / onlyProposal;", /labels fixed less labels broken at your/],
      ["const breakEven: number = 42;", /breakEven is 42; expected a probability/],
    ],
    right: ["const breakEven: number = 1 / (1 + onlyProposal / onlyLabel);"],
  },
};
