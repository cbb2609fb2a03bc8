import type { CallSession } from '../voice/call-types.js';

/** As large as pictures are shown here. */
const SIZE = { width: 640, height: 360 };

/** Plays what the others send, each track in an element of its own, as an application does, and says how large it is shown. The result is what is played, by `<participant> <source>`. */
export function playTracks({ state, shown }: CallSession): ReadonlyMap<string, HTMLMediaElement> {
  const elements = new Map<string, HTMLMediaElement>();
  const draw = (): void => {
    const wanted = new Map<string, MediaStreamTrack>();
    for (const { participant, isMe, tracks } of state.snapshot().tiles)
      if (!isMe)
        for (const [source, track] of Object.entries(tracks)) wanted.set(`${participant} ${source}`, track);
    for (const [key, element] of elements)
      if (!wanted.has(key)) {
        element.srcObject = null;
        element.remove();
        elements.delete(key);
      }
    for (const [key, track] of wanted) {
      const element = elements.get(key) ?? document.createElement(track.kind as 'audio' | 'video');
      if (!elements.has(key) && track.kind === 'video') {
        const [participant, source] = key.split(' ');
        shown(Number(participant), source as 'camera' | 'screen', SIZE);
      }
      elements.set(key, element);
      const [playing] = (element.srcObject as MediaStream | null)?.getTracks() ?? [];
      if (playing === track) continue;
      document.body.append(element);
      element.srcObject = new MediaStream([track]);
      void element.play().catch(() => undefined);
    }
  };
  draw();
  state.subscribe(draw);
  return elements;
}
