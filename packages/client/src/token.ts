/** What a JWT says, read without a check: undefined for what is no JWT. */
export function payloadOf(token: string): Readonly<Record<string, unknown>> | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return Object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

/** Whose a JWT is, read without a check: undefined for what is no JWT with a `sub`. */
export function subjectOf(token: string): string | undefined {
  const sub = payloadOf(token)?.sub;
  return typeof sub === 'string' ? sub : undefined;
}
