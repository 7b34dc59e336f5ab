/** A process that asks a person: `ask.ts SESSION PAIRS CLOCK_MS` prints the page's address, and `done` when all is answered. */
import { openSession, peopleOf, personAtPage } from "../../kernel-lib/src/human/index.js";
import { personRows } from "../../kernel-lib/src/results/person.js";
import { sitting } from "./items.js";

const [path, pairs, clockMs] = process.argv.slice(2);
const session = await openSession(path!, { person: "ann" });
const page = await personAtPage({ title: "tiny <b>study</b>" });
process.stdout.write(`${page.url}\n`);
const people = peopleOf(session, { respondent: page.respondent, clockMs: Number(clockMs) });
const seat = people.seat({ experiment: "tiny", seed: 0 });
const hostile = sitting(Number(pairs), { gold: 2, name: "ILR <i>round</i> 1" });
await seat.judge({
  ...hostile,
  items: hostile.items.map((item, i) =>
    i === 0 ? { ...item, question: "<img src=x onerror=alert(1)> & more" } : item,
  ),
});
process.stdout.write("done\n");
await page.finish("What came of it", personRows(session.judgements()));
await page.close();
