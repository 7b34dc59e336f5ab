// The notebook kernel: tslab with the faults mended that lose output or hide errors. Started as
//   node --disable-warning=ExperimentalWarning start.cjs --config-path=<Jupyter connection file>
// in the notebook's folder. The flag is for `require` of our ES modules from cells, which Node 20 still calls experimental.
"use strict";

const { recordFailures } = require("./failures.cjs");
const { mendExecution } = require("./execution.cjs");
const { mendSockets } = require("./sockets.cjs");
const { watchParent } = require("./watch-parent.cjs");

const configPath = process.argv
  .find((argument) => argument.startsWith("--config-path="))
  ?.slice("--config-path=".length);
if (configPath === undefined) {
  process.stderr.write("usage: node start.cjs --config-path=<Jupyter connection file>\n");
  process.exit(2);
}

const jupyter = require("tslab/dist/jupyter.js");
const failures = recordFailures(require("tslab/dist/executor.js"));
mendSockets(jupyter);
mendExecution(jupyter, failures);
watchParent();

// `enableFindLocal` would look for another tslab near the notebook, one without our mending.
require("tslab/dist/main.js").startKernel({ configPath, enableFindLocal: false, jsKernel: false, globalVersion: "" });
failures.takeOverFromTslab();
