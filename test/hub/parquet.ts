/**
 * Parquet as simple as it gets, for tests: one row group, columns of required UTF-8 strings, plain and uncompressed.
 */

/** Thrift's compact protocol: a struct from field numbers to encoded values. */
type Field = readonly [id: number, type: number, value: Buffer];
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const int = (value: number): Buffer => varint(value * 2);
const text = (value: string): Buffer => Buffer.concat([varint(Buffer.byteLength(value)), Buffer.from(value)]);

function list(type: number, items: readonly Buffer[]): Buffer {
  const head = items.length < 15 ? Buffer.from([(items.length << 4) | type]) : Buffer.from([0xf0 | type]);
  return Buffer.concat([head, ...(items.length < 15 ? [] : [varint(items.length)]), ...items]);
}

function struct(fields: readonly Field[]): Buffer {
  let last = 0;
  const parts = fields.flatMap(([id, type, value]) => {
    const head = Buffer.from([((id - last) << 4) | type]);
    last = id;
    return [head, value];
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** The bytes of a Parquet file with these rows. */
export function parquetOf(rows: readonly Readonly<Record<string, string>>[]): Buffer {
  const names = Object.keys(rows[0]!);
  const parts: Buffer[] = [Buffer.from("PAR1")];
  let offset = 4;
  const columns = names.map((name) => {
    const values = rows.map((row) => {
      const bytes = Buffer.from(row[name]!);
      const size = Buffer.alloc(4);
      size.writeUInt32LE(bytes.length);
      return Buffer.concat([size, bytes]);
    });
    const data = Buffer.concat(values);
    const page = struct([
      [1, I32, int(0)],
      [2, I32, int(data.length)],
      [3, I32, int(data.length)],
      [
        5,
        STRUCT,
        struct([
          [1, I32, int(rows.length)],
          [2, I32, int(0)],
          [3, I32, int(3)],
          [4, I32, int(3)],
        ]),
      ],
    ]);
    const start = offset;
    const size = page.length + data.length;
    parts.push(page, data);
    offset += size;
    const meta = struct([
      [1, I32, int(6)],
      [2, LIST, list(I32, [int(0)])],
      [3, LIST, list(BINARY, [text(name)])],
      [4, I32, int(0)],
      [5, I64, int(rows.length)],
      [6, I64, int(size)],
      [7, I64, int(size)],
      [9, I64, int(start)],
    ]);
    return {
      size,
      chunk: struct([
        [2, I64, int(start)],
        [3, STRUCT, meta],
      ]),
    };
  });
  const schema = [
    struct([
      [4, BINARY, text("schema")],
      [5, I32, int(names.length)],
    ]),
    ...names.map((name) =>
      struct([
        [1, I32, int(6)],
        [3, I32, int(0)],
        [4, BINARY, text(name)],
        [6, I32, int(0)],
      ]),
    ),
  ];
  const group = struct([
    [
      1,
      LIST,
      list(
        STRUCT,
        columns.map(({ chunk }) => chunk),
      ),
    ],
    [2, I64, int(columns.reduce((sum, { size }) => sum + size, 0))],
    [3, I64, int(rows.length)],
  ]);
  const footer = struct([
    [1, I32, int(1)],
    [2, LIST, list(STRUCT, schema)],
    [3, I64, int(rows.length)],
    [4, LIST, list(STRUCT, [group])],
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, Buffer.from("PAR1")]);
}
