import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"] as const;

const places: { readonly [platform: string]: readonly string[] } = {
  linux: ["/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/google/chrome"].flatMap((folder) =>
    names.map((name) => `${folder}/${name}`),
  ),
  darwin: ["Chromium", "Google Chrome", "Microsoft Edge"].map(
    (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
  ),
  win32: ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((variable) => {
    const folder = process.env[variable];
    const programs = [
      "Google/Chrome/Application/chrome.exe",
      "Chromium/Application/chrome.exe",
      "Microsoft/Edge/Application/msedge.exe",
    ];
    return folder === undefined ? [] : programs.map((program) => join(folder, program));
  }),
};

/**
 * The Chromium of this machine: the one that `ILR_CHROMIUM` names, and no other, or the first in the usual places and on the path.
 *
 * @returns undefined where there is none; nothing is ever downloaded.
 */
export function findChromium(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const named = environment.ILR_CHROMIUM;
  if (named !== undefined && named !== "") return isProgram(named) ? named : undefined;
  const onPath = (environment.PATH ?? "")
    .split(delimiter)
    .filter(isAbsolute)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  return [...(places[process.platform] ?? []), ...(process.platform === "win32" ? [] : onPath)].find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
