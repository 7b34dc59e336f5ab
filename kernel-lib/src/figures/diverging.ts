/** Ends and middle of the scale for differences: ILR's blue, white, and DPO's vermilion, which stay apart under colour blindness. */
const scale = { above: [0x00, 0x72, 0xb2], middle: [0xf7, 0xf7, 0xf7], below: [0xd5, 0x5e, 0x00] } as const;

/**
 * A colour for a difference: white at 0, ILR's blue at 1, DPO's vermilion at -1.
 *
 * @param share of the largest difference that is drawn, -1 to 1.
 */
export function divergingColor(share: number): string {
  const end = share < 0 ? scale.below : scale.above;
  const far = Math.min(1, Math.abs(share));
  const channels = end.map((channel, i) => Math.round(scale.middle[i]! + far * (channel - scale.middle[i]!)));
  return `#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** Black or white, whichever can be read on a colour (relative luminance as in WCAG 2). */
export function textOn(color: string): string {
  return contrast(color, "#FFFFFF") > contrast(color, "#222222") ? "#FFFFFF" : "#222222";
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2). */
export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
