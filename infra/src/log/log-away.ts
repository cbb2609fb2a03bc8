/** Errors of the client that say the broker cannot be asked now, rather than that we asked wrongly. */
const AWAY = new Set([
  'ClosedConnectionError',
  'ConnectionError',
  'DrainingConnectionError',
  'JetStreamApiError',
  'JetStreamError',
  'JetStreamNotEnabled',
  'JetStreamStatusError',
  'NoResponders',
  'RequestError',
  'TimeoutError',
]);

/** Whether an error says that the log cannot be read or written now: asking again later is right, and loses nothing. */
export const isLogAway = (error: unknown): boolean => error instanceof Error && AWAY.has(error.name);
