/**
 * Functions that a query may call: SQLite's core, aggregate, window, date, mathematical and JSON functions, as Python's SQLite has them.
 * Everything else that this build happens to hold is refused: full-text and R-tree internals, `sqlite_log`, extensions, percentiles.
 */
const CORE = `abs changes char coalesce concat concat_ws format glob hex if ifnull iif instr last_insert_rowid length like likelihood likely
  lower ltrim max min nullif octet_length printf quote random randomblob replace round rtrim sign soundex substr substring total_changes
  trim typeof unhex unicode unlikely upper zeroblob sqlite_version sqlite_source_id`;
const AGGREGATE = `avg count group_concat max min string_agg sum total`;
const WINDOW = `row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value`;
const DATE = `date time datetime julianday unixepoch strftime timediff current_date current_time current_timestamp`;
const MATH = `acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi pow power radians
  sin sinh sqrt tan tanh trunc`;
const JSON_FUNCTIONS = `-> ->> json json_array json_array_insert json_array_length json_error_position json_extract json_group_array
  json_group_object json_insert json_object json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid jsonb
  jsonb_array jsonb_array_insert jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove
  jsonb_replace jsonb_set`;

export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(
  [CORE, AGGREGATE, WINDOW, DATE, MATH, JSON_FUNCTIONS].flatMap((names) => names.trim().split(/\s+/)),
);

/** Table-valued functions that a query may read: they touch nothing but their arguments. */
export const ALLOWED_TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  "json_each",
  "json_tree",
  "jsonb_each",
  "jsonb_tree",
]);
