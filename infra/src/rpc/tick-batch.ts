/** Characters of one message: at most three bytes each in UTF-8, and the broker takes 1 MB unless it is told otherwise. */
export const MAX_MESSAGE = 256 * 1024;

export type TickBatch = { add(key: string, line: string): void };

/**
 * Collects lines per key during one event-loop tick and sends each key's lines as one text: a message costs the client and
 * the broker about as much with one line as with ten.
 */
export function openTickBatch(send: (key: string, text: string) => void): TickBatch {
  const collected = new Map<string, string>();
  let scheduled = false;

  function flush(): void {
    scheduled = false;
    const texts = [...collected];
    collected.clear();
    for (const [key, text] of texts) send(key, text);
  }

  return {
    add(key, line) {
      const before = collected.get(key);
      if (before !== undefined && before.length + line.length > MAX_MESSAGE) {
        send(key, before);
        collected.set(key, line);
      } else collected.set(key, before === undefined ? line : `${before}\n${line}`);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
  };
}
