/** Why a conversation cannot be exported or imported: in one sentence that says what to do. Nothing was changed, but where it is `broken`. */
export class TransferRefused extends Error {
  override readonly name = 'TransferRefused';

  /**
   * @param why `absent`: there is no such conversation, or no more; `damaged`: the log has not all of it; `there`: the destination has it, or
   *   had it; `broken`: it broke off, and goes on when it is asked for again
   */
  constructor(
    readonly why: 'absent' | 'damaged' | 'unsealed' | 'there' | 'signer' | 'passphrase' | 'clock' | 'broken',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
