// The notebook kernel: tslab with the faults mended that lose output or hide errors. Started as
//   node --disable-warning=ExperimentalWarning start.cjs --config-path=<Jupyter connection file>
// in the notebook's folder. The flag is for `require` of our ES modules from cells, which Node 20 still calls experimental.
"use strict";

const { recordFailures } = require("./failures.cjs");
const { mendExecution } = require("./execution.cjs");
const { startGuard } = require("./guard.cjs");
const { introduce } = require("./introduce.cjs");
const { shareKit } = require("./share-kit.cjs");
const { mendSockets } = require("./sockets.cjs");
const { mendTimers } = require("./timers.cjs");

const configPath = process.argv
  .find((argument) => argument.startsWith("--config-path="))
  ?.slice("--config-path=".length);
if (configPath === undefined) {
  process.stderr.write("usage: node start.cjs --config-path=<Jupyter connection file>\n");
  process.exit(2);
}

shareKit(process.cwd());
mendTimers();
const jupyter = require("tslab/dist/jupyter.js");
const guard = startGuard(configPath);
const failures = recordFailures(require("tslab/dist/executor.js"), guard);
mendSockets(jupyter, guard);
mendExecution(jupyter, failures, guard);
introduce(jupyter, guard);

// `enableFindLocal` would look for another tslab near the notebook, one without our mending.
require("tslab/dist/main.js").startKernel({ configPath, enableFindLocal: false, jsKernel: false, globalVersion: "" });
failures.takeOverFromTslab();
