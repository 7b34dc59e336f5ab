// The floors of kernel-lib/src (docs/architecture.md): a folder imports only from floors below its own, and nothing in a circle.
const floors = [
  ["core"],
  ["steps"],
  ["store", "engine"],
  ["hub", "judge", "human"],
  ["tasks"],
  ["backends"],
  ["methods"],
  ["experiments"],
  ["results"],
  ["figures"],
  ["notebook"],
  ["lab"],
  ["report"],
  ["cli"],
];

const upwards = floors.flatMap((folders, floor) =>
  folders.map((folder) => ({
    name: `no-import-upwards-from-${folder}`,
    severity: "error",
    comment: "A floor imports only from floors below it.",
    from: { path: `^kernel-lib/src/${folder}/` },
    to: {
      path: `^kernel-lib/src/(${floors
        .slice(floor)
        .flat()
        .filter((other) => other !== folder)
        .join("|")})/`,
    },
  })),
);

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "through-the-index",
      severity: "error",
      comment: "Other folders see a folder through its index.ts.",
      from: { path: "^kernel-lib/src/([^/]+)/" },
      to: { path: "^kernel-lib/src/([^/]+)/(?!index\\.ts$)", pathNot: "^kernel-lib/src/$1/" },
    },
    ...upwards,
  ],
  options: { tsPreCompilationDeps: true, doNotFollow: { path: "node_modules" } },
};
