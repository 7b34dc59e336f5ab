/** What the kit is made of, from its lock files: a bill of materials (CycloneDX) and a list of licences. */

/** A package as a lock file has it. */
export interface Package {
  readonly ecosystem: "npm" | "pypi";
  readonly name: string;
  readonly version: string;
  /** SPDX, as the lock says; undefined where it does not. */
  readonly licence: string | undefined;
  /** `algorithm-base64` for npm, `sha256` in hex for Python; of a Python package one for each of its files. */
  readonly hashes: readonly string[];
  /** Only for development and tests. */
  readonly isDevelopment: boolean;
}

interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** Packages whose lock entry names no licence, as their files do: an older field of package.json, or a file LICENSE. */
const STATED_ELSEWHERE: Readonly<Record<string, string>> = {
  buildcheck: "MIT",
  "cpu-features": "MIT",
  ssh2: "MIT",
  "typed-function": "MIT",
};

/** Packages of a package-lock.json, by name and version. */
export function npmPackages(lock: string): readonly Package[] {
  const { packages } = JSON.parse(lock) as { readonly packages: Readonly<Record<string, LockEntry>> };
  const found = Object.entries(packages).flatMap(([path, entry]): Package[] => {
    const at = path.lastIndexOf("node_modules/");
    if (at < 0 || entry.link || entry.version === undefined) return [];
    // An alias is installed in another's place; its own name is in the entry.
    const name = entry.name ?? path.slice(at + "node_modules/".length);
    return [
      {
        ...{ ecosystem: "npm", name, version: entry.version, licence: entry.license ?? STATED_ELSEWHERE[name] },
        ...{ hashes: entry.integrity === undefined ? [] : [entry.integrity], isDevelopment: entry.dev === true },
      },
    ];
  });
  return distinct(found);
}

/** Packages of a lock made by `uv pip compile --generate-hashes`. Such locks name no licences. */
export function pythonPackages(lock: string, isDevelopment: boolean): readonly Package[] {
  const blocks = lock.split(/^(?=[A-Za-z0-9])/m).filter((block) => /^[\w.-]+(?:\[[\w,]*\])?==/.test(block));
  const found = blocks.map((block): Package => {
    const [, name, version] = /^([\w.-]+)(?:\[[\w,]*\])?==([^\s\\;]+)/.exec(block)!;
    const hashes = [...block.matchAll(/--hash=sha256:([0-9a-f]{64})/g)].map(([, hash]) => hash!);
    return { ecosystem: "pypi", name: name!, version: version!, licence: undefined, hashes, isDevelopment };
  });
  return distinct(found);
}

/** One of each name and version, sorted; needed beside development where one of them is. */
export function distinct(packages: readonly Package[]): readonly Package[] {
  const byKey = new Map<string, Package>();
  for (const each of packages) {
    const key = purl(each);
    const known = byKey.get(key);
    byKey.set(key, { ...each, isDevelopment: each.isDevelopment && (known?.isDevelopment ?? true) });
  }
  return [...byKey].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, each]) => each);
}

/** The package's address, such as `pkg:npm/%40babel/core@7.0.0`. */
export function purl({ ecosystem, name, version }: Package): string {
  return `pkg:${ecosystem}/${name.replace(/^@/, "%40")}@${version}`;
}

/** The bill of materials: a component a line, so that differences can be read. */
export function billOfMaterials(packages: readonly Package[]): string {
  const lines = packages.map((each) => `    ${JSON.stringify(componentOf(each))}`);
  return `{
  "bomFormat": "CycloneDX",
  "specVersion": "1.5",
  "version": 1,
  "metadata": { "component": { "type": "application", "name": "ilr-lab", "licenses": [{ "license": { "id": "MIT" } }] } },
  "components": [
${lines.join(",\n")}
  ]
}
`;
}

function componentOf(each: Package): object {
  const licences = each.licence === undefined ? {} : { licenses: [{ expression: each.licence }] };
  const hashes = each.hashes.map((hash) => {
    if (each.ecosystem === "pypi") return { alg: "SHA-256", content: hash };
    const [algorithm, content] = [hash.slice(0, hash.indexOf("-")), hash.slice(hash.indexOf("-") + 1)];
    const alg = algorithm === "sha512" ? "SHA-512" : "SHA-1";
    return { alg, content: Buffer.from(content, "base64").toString("hex") };
  });
  // A Python package has a hash for each system's file; which one is installed depends on the system.
  const first = hashes.slice(0, each.ecosystem === "npm" ? 1 : 0);
  return {
    ...{ type: "library", name: each.name, version: each.version, purl: purl(each) },
    ...{ scope: each.isDevelopment ? "excluded" : "required", ...licences },
    ...(first.length > 0 ? { hashes: first } : {}),
  };
}

/** Licences, how many packages are under each, and the packages under all but the commonest. */
export function licenceList(packages: readonly Package[]): string {
  const npm = packages.filter(({ ecosystem }) => ecosystem === "npm");
  const python = packages.length - npm.length;
  const byLicence = groups(npm);
  const rows = [...byLicence].sort(([x, a], [y, b]) => b.length - a.length || (x < y ? -1 : 1));
  const list = rows.map(([licence, under]) => `| ${licence} | ${under.length} | ${namesOf(under)} |`);
  return `# Licences of what ilr-lab is made of

Written by \`npm run supply\` from the lock files; \`sbom.json\` beside it has every package with version and digest. Of ${npm.length} packages of
npm, ${npm.filter(({ isDevelopment }) => !isDevelopment).length} are needed to use the kit, the others to develop it.

| licence | packages | which |
|---|--:|---|
${list.join("\n")}

${python} packages of Python (trainer images, tests) are pinned by digest in \`containers/trainer/requirements-*.txt\` and \`.ci/requirements.txt\`. Their
locks name no licences, and neither does this list: in an environment where they are installed, \`importlib.metadata\` tells them.
`;
}

/** More than this are not named one by one: the bill of materials does. */
const MOST_NAMED = 30;

function namesOf(packages: readonly Package[]): string {
  if (packages.length > MOST_NAMED) return "";
  return packages.map(({ name }) => name).join(", ");
}

function groups(packages: readonly Package[]): ReadonlyMap<string, readonly Package[]> {
  const found = new Map<string, Package[]>();
  for (const each of packages) {
    const licence = each.licence ?? "not stated";
    found.set(licence, [...(found.get(licence) ?? []), each]);
  }
  return found;
}
