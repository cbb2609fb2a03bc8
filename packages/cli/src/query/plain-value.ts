import type {
  DuckDBDecimalValue,
  DuckDBResult,
  DuckDBTimestampTZValue,
  DuckDBType,
  DuckDBValueConverter,
  Json,
} from '@duckdb/node-api';
import type { DuckDb } from './duckdb.js';

/** A value as JSON has it. */
export type Plain = Json;

/**
 * The rows of an answer, as they are read, in JSON: whole numbers as numbers where those hold them, else as text; times with zone as ISO
 * 8601 in UTC; what is JSON as that; dates, intervals and all else that JSON has no form for as DuckDB writes it.
 */
export async function* plainRows(
  duckdb: DuckDb,
  answer: DuckDBResult,
): AsyncGenerator<readonly (readonly Plain[])[]> {
  const isJson = answer.columnTypes().map(({ alias }) => alias === 'JSON');
  for await (const rows of answer.yieldConvertedRows(plainConverter(duckdb))) {
    yield rows.map((row) => row.map((value, n) => (isJson[n] ? parsed(value) : value)));
  }
}

function plainConverter({ DuckDBTypeId, JsonDuckDBValueConverter }: DuckDb): DuckDBValueConverter<Plain> {
  const convert: DuckDBValueConverter<Plain> = (value, type) => {
    if (value === null) return null;
    switch (type.typeId) {
      case DuckDBTypeId.BIGINT:
      case DuckDBTypeId.UBIGINT:
      case DuckDBTypeId.HUGEINT:
      case DuckDBTypeId.UHUGEINT:
        return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
      case DuckDBTypeId.DECIMAL:
        return (value as DuckDBDecimalValue).toDouble();
      case DuckDBTypeId.TIMESTAMP_TZ:
        return isoTime(value as DuckDBTimestampTZValue);
      case DuckDBTypeId.INTERVAL:
        return String(value);
      default:
        return JsonDuckDBValueConverter(value, type, convert);
    }
  };
  return convert;
}

/** Whether people compare its values digit by digit. */
export const isNumeric = ({ DuckDBTypeId: id }: DuckDb, { typeId }: DuckDBType): boolean =>
  [
    id.TINYINT,
    id.SMALLINT,
    id.INTEGER,
    id.BIGINT,
    id.UTINYINT,
    id.USMALLINT,
    id.UINTEGER,
    id.UBIGINT,
    id.HUGEINT,
    id.UHUGEINT,
    id.FLOAT,
    id.DOUBLE,
    id.DECIMAL,
  ].includes(typeId);

function isoTime(value: DuckDBTimestampTZValue): string {
  const time = new Date(Number(value.micros / 1_000n));
  return value.isFinite && !Number.isNaN(time.getTime()) ? time.toISOString() : String(value);
}

function parsed(json: Plain): Plain {
  try {
    return typeof json === 'string' ? (JSON.parse(json) as Plain) : json;
  } catch {
    return json;
  }
}
