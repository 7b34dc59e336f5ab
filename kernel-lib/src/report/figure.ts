import { LabError } from "../core/index.js";
import { type Figure, figureToSvg, isFigure, type Layout } from "../figures/index.js";
import { takeId } from "./draft.js";
import { type Html, html, jsonForScript } from "./html.js";
import { isRecord, type OutputMetadata } from "./metadata.js";
import { narrowLayout } from "./narrow-layout.js";
import { provenanceFold, recordedBadge } from "./provenance.js";
import type { Place } from "./rich-text.js";

/** A picture as a data URI; its size keeps its place free. */
export interface Still {
  readonly source: string;
  readonly width?: number;
  readonly height?: number;
}

/** What is known about a picture. */
export interface Picture {
  readonly still: Still | undefined;
  /** What plotly draws in its place, if anything. */
  readonly plot: Figure | undefined;
  /** The output's text/plain. */
  readonly description: string;
}

/** Media types that browsers show and that cannot run anything inside an `<img>`, in order of preference. */
const stillTypes = ["image/svg+xml", "image/png", "image/jpeg", "image/webp", "image/gif"] as const;

/** The picture in an output's forms; undefined where there is none. */
export function pictureOf(data: Bundle, metadata: unknown, description: string): Picture | undefined {
  const plot = plotOf(data["application/vnd.plotly.v1+json"]);
  const still = stillOf(data, metadata) ?? (plot && drawn(plot));
  return plot || still ? { plot, still, description } : undefined;
}

/** Contents by media type. */
export type Bundle = { readonly [mime: string]: unknown };

/**
 * A figure of the page: number, title, static picture, and the data for plotly, which takes the picture's place when it comes into
 * view.
 */
export function renderPicture(picture: Picture, metadata: OutputMetadata, place: Place): Html {
  const { draft, slug } = place;
  const label = `Figure ${++draft.figures}`;
  const anchor = takeId(draft, `${slug}--figure-${draft.figures}`);
  if (picture.plot) draft.plots += 1;
  const title = titleOf(picture);
  const { provenance } = metadata;
  const badge = provenance?.recorded ? html` ${recordedBadge}` : undefined;
  const caption = html`<figcaption><p><a href="#${anchor}"><strong>${label}</strong></a>${title ? ` ${title}` : ""}${badge}</p>
${provenance ? provenanceFold(provenance, { anchor, label }, draft) : undefined}</figcaption>`;
  return html`<figure id="${anchor}"${picture.plot ? html` data-plot` : ""}>
<div class="paper">${stillImage(picture, label)}</div>${picture.plot ? plotScript(picture.plot) : undefined}
${caption}</figure>`;
}

function stillImage({ still, description, plot }: Picture, label: string): Html {
  const words = description.trim() || `${label}, without a description`;
  if (!still)
    return html`<p class="still note">${words} (interactive only: ${plot ? "it needs JavaScript" : "no picture"})</p>`;
  const size = still.width && still.height ? html` width="${still.width}" height="${still.height}"` : undefined;
  return html`<img class="still" src="${still.source}" alt="${words.slice(0, 1000)}"${size}>`;
}

function plotScript({ data, layout: full = {} }: Figure): Html {
  const layout = withoutRemotePictures(full) as Layout;
  return html`<script type="application/json">${jsonForScript({ data, layout, narrow: narrowLayout({ data, layout }) })}</script>`;
}

/** Plotly's only way to fetch something without being asked. The page's policy would stop it, with an error for each. */
function withoutRemotePictures(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, member]) => {
    if (key === "images" && Array.isArray(member)) return [key, member.filter(isLocal)];
    return [key, key === "template" || key === "layout" ? withoutRemotePictures(member) : member];
  });
  return Object.fromEntries(entries);
}

function isLocal(image: unknown): boolean {
  return isRecord(image) && typeof image.source === "string" && /^data:image\//i.test(image.source);
}

function plotOf(value: unknown): Figure | undefined {
  return isFigure(value) && value.data.length > 0 ? value : undefined;
}

function stillOf(data: Bundle, metadata: unknown): Still | undefined {
  for (const type of stillTypes) {
    const content = data[type];
    if (typeof content !== "string" || content.trim() === "") continue;
    if (type === "image/svg+xml") return svgStill(content);
    // Written anew, so that it is base64 and nothing else.
    const bytes = Buffer.from(content, "base64");
    const size = isRecord(metadata) ? metadata[type] : undefined;
    return { source: `data:${type};base64,${bytes.toString("base64")}`, ...sizeOf(size) };
  }
  return undefined;
}

/** SVG inside an `<img>` is a picture only: its scripts, events and links are dead. */
function svgStill(svg: string): Still {
  const root = /<svg\b[^>]*>/i.exec(svg)?.[0] ?? "";
  const length = (name: string): number => Number(new RegExp(`\\s${name}="([\\d.]+)(?:px)?"`).exec(root)?.[1]);
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  return { source, ...sizeOf({ width: length("width"), height: length("height") }) };
}

function sizeOf(size: unknown): { readonly width?: number; readonly height?: number } {
  if (!isRecord(size)) return {};
  const [width, height] = [Number(size.width), Number(size.height)];
  const sound = (value: number): boolean => value > 0 && value < 20_000;
  return sound(width) && sound(height) ? { width: Math.round(width), height: Math.round(height) } : {};
}

/** A figure that came without a picture gets one where the kit can draw it. */
function drawn(plot: Figure): Still | undefined {
  try {
    return svgStill(figureToSvg(plot));
  } catch (error) {
    if (error instanceof LabError) return undefined;
    throw error;
  }
}

/** A figure's title and what its numbers rest on, which stand only here where the screen is narrow. */
function titleOf({ plot, description }: Picture): string | undefined {
  const title = plot?.layout?.title;
  const text = isRecord(title) ? title.text : title;
  if (typeof text !== "string") return /^Figure "(.+?)":/.exec(description)?.[1];
  const subtitle = isRecord(title) && isRecord(title.subtitle) ? title.subtitle.text : undefined;
  return typeof subtitle === "string" ? `${plainText(text)} (${plainText(subtitle)})` : plainText(text);
}

/** Plotly's text without its marks. */
function plainText(text: string): string {
  return text.replaceAll(/<br\s*\/?>/gi, " ").replaceAll(/<[^>]*>/g, "");
}
