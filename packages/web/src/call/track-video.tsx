import { useEffect, useRef } from 'preact/hooks';

type TrackVideoProps = {
  readonly track: MediaStreamTrack;
  readonly label: string;
  /** As in a mirror: one's own face. */
  readonly isMirrored?: boolean;
  /** Whole, where nothing of it may be cut off. */
  readonly isWhole?: boolean;
};

/** Plays one picture; sound is played by call-sound.tsx. */
export function TrackVideo({ track, label, isMirrored = false, isWhole = false }: TrackVideoProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current as HTMLVideoElement;
    element.srcObject = new MediaStream([track]);
    void element.play().catch(() => undefined);
    return () => {
      element.srcObject = null;
    };
  }, [track]);
  return (
    <video
      ref={video}
      class={`${isMirrored ? 'mirrored' : ''} ${isWhole ? 'whole' : ''}`}
      aria-label={label}
      autoplay
      playsInline
      muted
    />
  );
}
