// A notebook anywhere on the disk finds `ilr-lab`, its types and the packages beside it: where the notebook's folder has none of its own,
// those of the kit that this kernel belongs to are used, at run time and by the compiler.
"use strict";

const { existsSync } = require("node:fs");
const Module = require("node:module");
const { delimiter, dirname, join } = require("node:path");

function shareKit(folder) {
  const modules = kitModules(__dirname);
  if (modules === undefined) return;
  const root = dirname(modules);
  // Recorded runs, base models and the store are the kit's, too.
  if (process.env.ILR_ROOT === undefined && isProject(root) && !isInProject(folder)) process.env.ILR_ROOT = root;
  if (sees(folder)) return;
  process.env.NODE_PATH = [process.env.NODE_PATH, modules].filter(Boolean).join(delimiter);
  Module._initPaths(); // Node reads NODE_PATH only when it starts
  redirect(join(folder, "node_modules"), modules);
}

/**
 * Lets the compiler see `to` where it looks for packages in `from`; tslab claims already that the latter is there. Their files stay below `from`
 * (`realpath`), or the compiler could not name the packages' types: `const frame = run.frame("rounds")` would be an error.
 */
function redirect(from, to) {
  const { sys } = Module.createRequire(require.resolve("tslab/dist/converter.js"))("@tslab/typescript-for-tslab");
  const prefix = `${from.replaceAll("\\", "/")}/`;
  for (const name of ["fileExists", "directoryExists", "readFile", "getDirectories", "readDirectory"]) {
    const original = sys[name];
    sys[name] = (path, ...rest) =>
      original.call(
        sys,
        path.startsWith(prefix) && !existsSync(path) ? join(to, path.slice(prefix.length)) : path,
        ...rest,
      );
  }
  const { realpath } = sys;
  sys.realpath = (path) => (path.startsWith(prefix) && !existsSync(path) ? path : realpath.call(sys, path));
}

/** The `node_modules` with the package that this file is part of. */
function kitModules(start) {
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(join(modules, "ilr-lab", "package.json"))) return modules;
  }
  return undefined;
}

function sees(folder) {
  try {
    Module.createRequire(join(folder, "cell.js")).resolve("ilr-lab");
    return true;
  } catch {
    return false;
  }
}

function isProject(folder) {
  return existsSync(join(folder, "results")) && existsSync(join(folder, "notebooks"));
}

function isInProject(folder) {
  return isProject(folder) || (folder !== dirname(folder) && isInProject(dirname(folder)));
}

module.exports = { shareKit };
