/** What was asked of a version cannot be done as things are: one sentence that says what to do. */
export class VersionRefused extends Error {
  override readonly name: string = 'VersionRefused';
}

/** There is no build of that number. */
export class VersionNotFound extends VersionRefused {
  override readonly name = 'VersionNotFound';
}
