export { type ExportedModel, exportOnnx } from "./export-onnx.js";
