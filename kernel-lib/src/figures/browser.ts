import type { Browser } from "playwright-core";
import { LabError } from "../core/index.js";
import { findChromium } from "./chromium.js";

/** Time that a browser without work is kept for the next figure, in ms. A process that ends sooner waits for it at most so long. */
const idleMs = 1000;

const flags = [
  // Figures need no GPU, and the software renderer draws the same on every machine; WebGL traces need it allowed by name.
  ...["--disable-gpu", "--enable-unsafe-swiftshader", "--hide-scrollbars", "--force-color-profile=srgb"],
  ...["--font-render-hinting=none", "--disable-lcd-text"],
  // Figures come with all they need: no name is looked up, nothing is asked of the network.
  ...["--host-resolver-rules=MAP * ~NOTFOUND", "--disable-quic", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--no-first-run"],
];

let running: Promise<Browser> | undefined;
let users = 0;
let idle: NodeJS.Timeout | undefined;

/**
 * Lends the process's browser, which starts when it is first needed and closes when nobody has used it for a moment, or with the process.
 *
 * @throws LabError `unsupported` where there is no Chromium, or it does not start.
 */
export async function withBrowser<T>(use: (browser: Browser) => Promise<T>): Promise<T> {
  clearTimeout(idle);
  users++;
  try {
    running ??= launch();
    const browser = await running.catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return await use(browser);
  } finally {
    users--;
    if (users === 0) idle = setTimeout(() => void closeBrowser(), idleMs);
  }
}

/** Closes the process's browser, if it has one; the next figure starts another. */
export async function closeBrowser(): Promise<void> {
  clearTimeout(idle);
  const browser = running;
  running = undefined;
  await browser?.then((open) => open.close()).catch(() => {});
}

async function launch(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw noChromium();
  const { chromium } = await import("playwright-core");
  try {
    const browser = await chromium.launch({
      ...{ executablePath, args: flags, headless: true, timeout: 30_000 },
      // An interrupt of a notebook's cell must not end its kernel, which is what playwright's own handlers would do. The browser ends with the
      // process all the same: it hangs on a pipe.
      ...{ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false },
    });
    browser.on("disconnected", () => {
      running = undefined;
    });
    return browser;
  } catch (cause) {
    throw new LabError("unsupported", `${executablePath} does not start`, {
      hint: "set ILR_CHROMIUM to the program of a Chromium that runs on this machine",
      cause,
    });
  }
}

function noChromium(): LabError {
  const named = process.env.ILR_CHROMIUM;
  return new LabError("unsupported", "there is no Chromium to draw this figure with", {
    hint: named
      ? `ILR_CHROMIUM names ${named}, which is no program that can be run`
      : "install Chromium or Chrome, or set ILR_CHROMIUM to its program; it is never downloaded",
  });
}
