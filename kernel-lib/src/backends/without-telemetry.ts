/**
 * onnxruntime 1.30 reports its use to its vendor unless told not to, and leaves a log of that in the temporary folder for every process.
 * Imported for its effect by whatever may load it, and inherited by workers and trainers. Read when the first session is made.
 */
process.env.ORT_DISABLE_TELEMETRY = "1";

export {};
