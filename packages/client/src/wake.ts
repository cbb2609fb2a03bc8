type EventSource = {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
};
type Browser = EventSource & { readonly document?: EventSource & { readonly visibilityState: string } };

/** Calls `wake` when the network comes back or a hidden page is looked at again, where there are such events. The result ends it. */
export function onWake(wake: () => void): () => void {
  const browser = globalThis as Browser;
  const { document } = browser;
  const looked = (): void => {
    if (document?.visibilityState === 'visible') wake();
  };
  browser.addEventListener?.('online', wake);
  document?.addEventListener?.('visibilitychange', looked);
  return () => {
    browser.removeEventListener?.('online', wake);
    document?.removeEventListener?.('visibilitychange', looked);
  };
}
