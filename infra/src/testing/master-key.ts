/** The master key of every vault in tests and measurements, and as the variable PARLEY_MASTER_KEYS. */
export const TEST_MASTER_KEY: Uint8Array = Buffer.alloc(32, 11);
export const TEST_MASTER_KEYS = Buffer.from(TEST_MASTER_KEY).toString('base64url');
