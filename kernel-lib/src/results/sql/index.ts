export { loadTable } from "./load-table.js";
export { query, type Tables } from "./query.js";
export { type SqlScalar, type SqlValue, type Statement, statementOf } from "./statement.js";
