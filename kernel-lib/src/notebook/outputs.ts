import type { MimeBundle, Output } from "./nbformat.js";
import type { Message } from "./wire.js";

/** Turns a kernel's messages into the outputs of a notebook's cells, in place. */
export interface OutputCollector {
  /** Adds a message to the outputs of the cell that caused it. */
  add(outputs: Output[], message: Message): void;
}

/**
 * A collector for one run of a notebook: `update_display_data` changes every output of that display id, in earlier cells too.
 *
 * @example
 * const collector = collectOutputs();
 * await kernel.execute(code, (message) => collector.add(cell.outputs, message));
 */
export function collectOutputs(): OutputCollector {
  const displays = new Map<string, { data: MimeBundle; metadata: { readonly [key: string]: unknown } }[]>();

  function addDisplay(outputs: Output[], { content }: Message): void {
    const output = { output_type: "display_data" as const, ...bundleOf(content) };
    const id = displayId(content);
    // A display of an id that is there already replaces it there, too, as in Jupyter.
    update(content);
    outputs.push(output);
    if (id !== undefined) displays.set(id, [...(displays.get(id) ?? []), output]);
  }

  function update(content: Message["content"]): void {
    for (const output of displays.get(displayId(content) ?? "") ?? []) Object.assign(output, bundleOf(content));
  }

  return {
    add(outputs, message) {
      const { content } = message;
      if (message.type === "stream")
        addStream(outputs, content.name === "stderr" ? "stderr" : "stdout", String(content.text));
      else if (message.type === "display_data") addDisplay(outputs, message);
      else if (message.type === "update_display_data") update(content);
      else if (message.type === "execute_result") {
        const count = typeof content.execution_count === "number" ? content.execution_count : null;
        outputs.push({ output_type: "execute_result", ...bundleOf(content), execution_count: count });
      } else if (message.type === "error") outputs.push(errorOf(content));
    },
  };
}

/** Text that follows text of the same stream continues it, as Jupyter shows it. */
function addStream(outputs: Output[], name: "stdout" | "stderr", text: string): void {
  const last = outputs.at(-1);
  if (last?.output_type === "stream" && last.name === name) last.text += text;
  else outputs.push({ output_type: "stream", name, text });
}

function bundleOf(content: Message["content"]): { data: MimeBundle; metadata: { readonly [key: string]: unknown } } {
  return { data: (content.data ?? {}) as MimeBundle, metadata: (content.metadata ?? {}) as { [key: string]: unknown } };
}

function displayId(content: Message["content"]): string | undefined {
  const id = (content.transient as { display_id?: unknown } | undefined)?.display_id;
  return typeof id === "string" ? id : undefined;
}

function errorOf(content: Message["content"]): Output & { output_type: "error" } {
  const traceback = Array.isArray(content.traceback) ? content.traceback.map(String) : [];
  return { output_type: "error", ename: String(content.ename), evalue: String(content.evalue), traceback };
}
