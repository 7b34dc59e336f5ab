// How the kernel presents itself, and the editor's questions to it.
"use strict";

const { createRequire } = require("node:module");
const { version: typescript } = createRequire(require.resolve("tslab/dist/converter.js"))(
  "@tslab/typescript-for-tslab",
);
const { version } = require("../../../package.json");

function introduce(jupyter, guard) {
  const handler = jupyter.JupyterHandlerImpl.prototype;
  const { handleKernel, handleInspect, handleComplete } = handler;

  handler.handleKernel = function () {
    const info = handleKernel.call(this);
    return {
      ...info,
      status: "ok",
      implementation: "ilr-lab",
      implementation_version: version,
      banner: `ilr-lab ${version}, TypeScript ${typescript}, Node ${process.versions.node}`,
      language_info: { ...info.language_info, version: typescript },
    };
  };

  // Both compile the cell's text.
  handler.handleInspect = function (request) {
    return guard.ownWork(() => handleInspect.call(this, request));
  };
  handler.handleComplete = function (request) {
    return guard.ownWork(() => handleComplete.call(this, request));
  };
}

module.exports = { introduce };
