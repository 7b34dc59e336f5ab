/** A text with each part between `<!-- name -->` and `<!-- /name -->` replaced. */
export function withParts(text: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((before, [name, part]) => {
    const place = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(\\n<!-- /${name} -->)`);
    if (!place.test(before)) throw new Error(`the text has no <!-- ${name} --> ... <!-- /${name} -->`);
    return before.replace(place, (_, start: string, end: string) => `${start}${part}${end}`);
  }, text);
}
