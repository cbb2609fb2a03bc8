import type { CallSession } from '@parley/client/voice/call-types';
import { useEffect, useRef } from 'preact/hooks';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { soundBlocked } from './call-page.js';
import { callSettings } from './call-settings.js';

/** Plays what the others say, wherever in the page one is. */
export function CallSound({ session }: { readonly session: CallSession }) {
  const { tiles } = useStore(session.state);
  const isDeaf = tiles.some(({ isMe, deafened }) => isMe && deafened);
  return (
    <div class="call-sound" hidden>
      {tiles
        .filter(({ isMe }) => !isMe)
        .flatMap(({ participant, user, tracks: { mic, screenAudio } }) => [
          mic !== undefined && <Voice key={`${participant} mic`} track={mic} isMuted={isDeaf} of={user} />,
          screenAudio !== undefined && (
            <Voice key={`${participant} screen`} track={screenAudio} isMuted={isDeaf} of={user} />
          ),
        ])}
    </div>
  );
}

type VoiceProps = { readonly track: MediaStreamTrack; readonly isMuted: boolean; readonly of: string };

function Voice({ track, isMuted, of }: VoiceProps) {
  const { client } = useSession();
  const { speaker } = useStore(callSettings(client.user));
  const isBlocked = useStore(soundBlocked);
  const audio = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const element = audio.current as HTMLAudioElement;
    element.srcObject = new MediaStream([track]);
    return () => {
      element.srcObject = null;
    };
  }, [track]);
  useEffect(() => {
    if (isBlocked) return;
    audio.current?.play().catch((error: Error) => {
      if (error.name === 'NotAllowedError') soundBlocked.set(true);
    });
  }, [track, isBlocked]);
  useEffect(() => {
    // A speaker that was unplugged: the browser's own choice is heard too.
    if (speaker !== undefined && audio.current !== null && 'setSinkId' in audio.current)
      void audio.current.setSinkId(speaker).catch(() => undefined);
  }, [speaker, track]);
  return <audio ref={audio} data-user={of} autoplay muted={isMuted} />;
}
