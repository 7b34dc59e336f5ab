export { type BuildOptions, type BuiltImage, buildEmbeddedImage, listImages } from "./build.js";
export {
  listContainers,
  type Reaped,
  type ReapOptions,
  reapContainers,
  type StepContainer,
  stopContainers,
} from "./containers.js";
export { type DockerOptions, dockerBackend } from "./docker.js";
export { type Engine, openEngine } from "./engine.js";
export { findImage, imageName } from "./image.js";
export { type ImageSource, sourceDigest } from "./image-context.js";
