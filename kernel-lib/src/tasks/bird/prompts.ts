/** The texts that models see. */
import type { Table } from "../sql/execute/index.js";

/** How a prompt tells of the database: tables with their columns and foreign keys, or the statements that made the tables. */
export type SchemaStyle = "columns" | "create-table";

/** A question with all that it takes to answer it: the schema, BIRD's evidence (external knowledge) where there is any, the question. */
export function questionText(schema: string, evidence: string, question: string): string {
  const parts = ["Write one SQLite query that answers the question about this database.", `Schema:\n${schema}`];
  if (evidence.trim() !== "") parts.push(`Knowledge:\n${evidence.trim()}`);
  parts.push(`Question:\n${question.trim()}`);
  return parts.join("\n\n");
}

/**
 * A database as a prompt tells of it.
 *
 * @example
 * schemaText(tables, "columns"); // "frpm(CDSCode, `Academic Year`)\nschools(CDSCode)\nforeign keys: frpm.CDSCode = schools.CDSCode"
 */
export function schemaText(tables: readonly Table[], style: SchemaStyle): string {
  if (style === "create-table") return tables.map(({ sql }) => `${sql.trim()};`).join("\n");
  const lines = tables.map(({ name, columns }) => `${quoted(name)}(${columns.map(quoted).join(", ")})`);
  const keys = tables.flatMap(({ name, foreignKeys }) =>
    foreignKeys.map(({ column, table, to }) => {
      const target = to === null ? quoted(table) : `${quoted(table)}.${quoted(to)}`;
      return `${quoted(name)}.${quoted(column)} = ${target}`;
    }),
  );
  return [...lines, ...(keys.length === 0 ? [] : [`foreign keys: ${keys.join(", ")}`])].join("\n");
}

/** A name as it must be written in SQL: BIRD's columns have spaces, brackets and percent signs, and its queries use backticks. */
function quoted(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}
