/**
 * Whether an error says that Postgres cannot be used now, rather than that our statement is wrong. SQLSTATE classes 08
 * (connection), 53 (resources), 57 (operator intervention, timeouts), 25006 (read-only standby), a schema or table that is
 * not migrated yet; or no SQLSTATE at all, which is how the driver reports sockets and its own timeouts. Errors with a name of their own
 * are not the driver's, whatever their words.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as Error & { code?: unknown };
  if (typeof code !== 'string')
    return (
      /^(Aggregate)?Error$/.test(error.name) && /connect|terminated|timeout|closed|ended/i.test(error.message)
    );
  return /^(08|53|57)...$/.test(code) || ['25006', '3F000', '42P01'].includes(code) || /^E[A-Z]+$/.test(code);
}
