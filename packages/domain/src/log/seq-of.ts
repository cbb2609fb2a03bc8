/** Seq of an event as the log has it, of which nothing else need be readable; undefined where not even that is. */
export function seqOf(json: unknown): number | undefined {
  const seq = (json as { readonly seq?: unknown } | null | undefined)?.seq;
  return Number.isSafeInteger(seq) ? (seq as number) : undefined;
}
