import { createAskVoice } from '@parley/client/voice/ask-voice';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.js';
import { useSession } from '../session/session-context.js';
import { watched } from './call-page.js';
import { playBroadcast } from './play-broadcast.js';
import { useOngoing } from './use-calls.js';

type WatchDialogProps = { readonly conversationId: string; readonly call: number };

/** A call's broadcast, for who is not in it. */
export function WatchDialog({ conversationId, call }: WatchDialogProps) {
  const { client } = useSession();
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState<string>();
  const [isPlaying, setPlaying] = useState(false);
  const isOnAir = useOngoing((calls) =>
    calls.some(
      (each) => each.call === call && each.conversationId === conversationId && each.broadcast !== null,
    ),
  );
  useEffect(() => {
    const ask = createAskVoice(client.ask);
    const watching = playBroadcast(
      () => ask('voice.watch', { conversationId, call }),
      video.current as HTMLVideoElement,
      { onWaiting: () => setPlaying(false), onProblem: setProblem },
    );
    return () => watching.stop();
  }, [conversationId, call]);
  return (
    <Dialog title="Broadcast" onClose={() => watched.set(undefined)}>
      <div class="broadcast">
        {/* biome-ignore lint/a11y/useMediaCaption: what people say just now has no captions */}
        <video
          ref={video}
          controls={isPlaying}
          autoplay
          playsInline
          aria-label="Broadcast of the call"
          onPlaying={() => {
            setPlaying(true);
            setProblem(undefined);
          }}
        />
        {!isPlaying && problem === undefined && (
          <p class="broadcast-wait" role="status">
            <span class="spinner" />
            {isOnAir
              ? 'The broadcast is a few seconds behind the call.'
              : 'Nothing is broadcast just now. It begins here by itself.'}
          </p>
        )}
        {problem !== undefined && (
          <p class="notice problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    </Dialog>
  );
}
