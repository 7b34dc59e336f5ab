// tslab has room for one timer of the compiler's, that of the next program. The compiler has a second: it looks again for what it did not find
// when files appear near a notebook (a module that is written, a package that is installed). With both of them no cell ran any more.
"use strict";

const { createRequire } = require("node:module");

/** Must be called before tslab makes its compiler. */
function mendTimers() {
  const { sys } = createRequire(require.resolve("tslab/dist/converter.js"))("@tslab/typescript-for-tslab");
  // tslab sets both on an object that inherits from `sys`, and so sets them here.
  const between = (name, wrap) =>
    Object.defineProperty(sys, name, {
      get: () => undefined,
      set(ofTslab) {
        Object.defineProperty(this, name, { value: wrap(ofTslab), writable: true });
      },
    });
  const others = new Set();
  between("setTimeout", (ofTslab) => (callback, milliseconds, ...rest) => {
    if (callback.name !== "invalidateResolutionsOfFailedLookup") return ofTslab(callback, milliseconds, ...rest);
    const timer = setTimeout(() => {
      others.delete(timer);
      callback(...rest);
    }, milliseconds);
    timer.unref();
    others.add(timer);
    return timer;
  });
  between("clearTimeout", (ofTslab) => (timer) => {
    if (!others.delete(timer)) return ofTslab(timer);
    clearTimeout(timer);
  });
}

module.exports = { mendTimers };
