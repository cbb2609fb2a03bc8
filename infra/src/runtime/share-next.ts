/**
 * Asks about a key once for all who want to know at the same time. Who comes while a question is under way shares the next one: an answer is never older
 * than any who gets it. At most one question of a key is under way, and one waits.
 *
 * @param ask never rejects.
 */
export function shareNext<A>(ask: (key: string) => Promise<A>): (key: string) => Promise<A> {
  const underWay = new Map<string, Promise<A>>();
  const waiting = new Map<string, Promise<A>>();

  function begin(key: string): Promise<A> {
    const answer = ask(key).finally(() => {
      if (underWay.get(key) === answer) underWay.delete(key);
    });
    underWay.set(key, answer);
    return answer;
  }

  return (key) => {
    const now = underWay.get(key);
    if (now === undefined) return begin(key);
    const known = waiting.get(key);
    if (known !== undefined) return known;
    const next = now.then(() => {
      waiting.delete(key);
      return begin(key);
    });
    waiting.set(key, next);
    return next;
  };
}
