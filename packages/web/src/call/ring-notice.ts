import type { CallMedia } from '@parley/domain/call/call';

/** Tells the system of a call while the page is hidden and somebody allowed it. The result takes it back. */
export function notifyOfCall(words: string, media: CallMedia, onOpen: () => void): () => void {
  if (document.visibilityState === 'visible' || !('Notification' in globalThis)) return () => undefined;
  if (Notification.permission !== 'granted') return () => undefined;
  try {
    const notice = new Notification(words, {
      body: media === 'video' ? 'Video call' : 'Voice call',
      icon: '/favicon.svg',
      requireInteraction: true,
    });
    notice.onclick = () => {
      window.focus();
      notice.close();
      onOpen();
    };
    return () => notice.close();
  } catch {
    // Chrome for Android has them by service workers alone, and throws.
    return () => undefined;
  }
}
