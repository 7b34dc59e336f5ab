#!/usr/bin/env node
// Starts the compiled trainer. Plain JavaScript without imports at the top, so that an old Node gets as far as the message.
const OLDEST = [20, 19];
const [major, minor] = process.versions.node.split(".").map(Number);

function stop(message, hint) {
  console.log(JSON.stringify({ type: "error", code: "unsupported", message, hint }));
  console.error(`error [unsupported]: ${message}\nhint: ${hint}`);
  process.exit(1);
}

if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  stop(
    `ilr-trainer needs Node ${OLDEST.join(".")} or newer; this is ${process.versions.node}`,
    "https://nodejs.org has it",
  );
}
const entry = new URL("../dist/backends/trainer/main.js", import.meta.url);
const { existsSync } = await import("node:fs");
if (!existsSync(entry)) stop("ilr-lab has not been built", "run `make` in the root of the checkout");
const { trainerMain } = await import(entry.href);
process.exitCode = await trainerMain(process.argv.slice(2));
