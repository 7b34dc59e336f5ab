import type { Interval } from "../statistics/index.js";

/** A share in %; null stays null. */
export function percent(share: number | null | undefined): number | null {
  return share === null || share === undefined ? null : 100 * share;
}

type Ends<Name extends string> = Record<Name | `${Name}Low` | `${Name}High`, number | null>;

/** Three columns: an estimate and the ends of its interval, in %. */
export function ends<Name extends string>(name: Name, interval: Interval | null): Ends<Name> {
  return {
    [name]: percent(interval?.value),
    [`${name}Low`]: percent(interval?.low),
    [`${name}High`]: percent(interval?.high),
  } as Ends<Name>;
}

type EndColumns<Name extends string, Unit extends string> = Record<
  Name | `${Name}Low` | `${Name}High`,
  { readonly type: "number"; readonly unit: Unit; readonly meaning: string }
>;

/** The docs of an estimate and of the ends of its 95 % interval. */
export function endColumns<Name extends string, Unit extends string>(
  name: Name,
  unit: Unit,
  meaning: string,
  how: string,
): EndColumns<Name, Unit> {
  const column = (text: string): EndColumns<Name, Unit>[Name] => ({ type: "number", unit, meaning: text });
  return {
    [name]: column(`${meaning}.`),
    [`${name}Low`]: column(`Lower end of the 95 % interval of ${name} (${how}).`),
    [`${name}High`]: column(`Upper end of the 95 % interval of ${name} (${how}).`),
  } as EndColumns<Name, Unit>;
}
