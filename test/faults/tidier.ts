/** A process that collects and verifies a store all the time, until it is killed. KEEP: a JSON list; GRACE in ms; WHAT: "gc" or "verify". */
import { openStore } from "../../kernel-lib/src/store/index.js";

const { STORE = "", KEEP = "[]", GRACE = "1500", WHAT = "gc" } = process.env;

const store = await openStore(STORE, { graceMs: Number(GRACE), warn: (message) => console.log(`warning ${message}`) });
process.on("disconnect", () => process.exit(0));
for (;;) {
  if (WHAT === "verify") {
    const { damaged } = await store.verifyAll();
    console.log(damaged.length === 0 ? "verified" : `damaged ${damaged.join()}`);
  } else {
    const { removedRecords } = await store.gc({ keep: JSON.parse(KEEP) as string[] });
    console.log(`collected ${removedRecords.length}`);
  }
}
