/**
 * The page's only script of its own: it draws figures with plotly when they come near the view, one after the other. Without it, or
 * where it fails, the static pictures stay. Plain JavaScript for browsers of 2023 and later; older ones keep the pictures.
 */
export const clientScript = `(() => {
  "use strict";
  const figures = document.querySelectorAll("figure[data-plot]");
  const packed = document.getElementById("plotly");
  if (!packed || !window.IntersectionObserver || !window.DecompressionStream) return;

  let plotly;
  const unpack = async () => {
    const bytes = Uint8Array.from(atob(packed.textContent.trim()), (character) => character.charCodeAt(0));
    const script = document.createElement("script");
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    script.textContent = await new Response(stream).text();
    document.head.append(script); // runs at once: the page's policy knows its hash
    return window.Plotly;
  };

  const draw = async (figure) => {
    plotly ??= unpack();
    const Plotly = await plotly;
    const { data, layout, narrow } = JSON.parse(figure.querySelector("script").textContent);
    const still = figure.querySelector(".still");
    const paper = figure.querySelector(".paper");
    const box = document.createElement("div");
    box.className = "plot";
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", still.alt || still.textContent);
    // The plot takes the width it finds; its height stays what its author gave it.
    const small = paper.clientWidth < 560;
    const { width, ...wide } = { autosize: true, ...layout, height: layout.height || still.height || 440 };
    const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
    paper.append(box);
    try {
      await Plotly.newPlot(box, data, small ? { ...wide, ...narrow } : wide, small ? { ...config, displayModeBar: false } : config);
      figure.classList.add("live");
    } catch (error) {
      box.remove();
      throw error;
    }
  };

  let queue = Promise.resolve();
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      const pause = () => new Promise((resume) => setTimeout(resume));
      queue = queue.then(() => draw(target)).catch((error) => console.warn("figure stays static:", error)).then(pause);
    }
  }, { rootMargin: "400px 0px" });
  for (const figure of figures) observer.observe(figure);
})();
`;
