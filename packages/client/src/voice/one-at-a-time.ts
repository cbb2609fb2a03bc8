/** Something of which one goes on at a time: the newer ends the older. */
export type OneAtATime = {
  /** Begins one; the signal says that it is ended, by a newer one, by `end` or by `other`. */
  begin(other?: AbortSignal): AbortSignal;
  end(): void;
};

export function oneAtATime(): OneAtATime {
  let going: AbortController | undefined;
  return {
    begin(other) {
      going?.abort();
      going = new AbortController();
      return other === undefined ? going.signal : AbortSignal.any([going.signal, other]);
    },
    end: () => going?.abort(),
  };
}

/** What comes of it; rejects as soon as the signal is aborted, with its reason, whatever comes later. */
export function unlessEnded<A>(signal: AbortSignal, doing: Promise<A>): Promise<A> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    doing.then(resolve, reject);
  });
}
