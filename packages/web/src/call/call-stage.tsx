import type { CallSession, CallSnapshot } from '@parley/client/voice/call-types';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { otherOf } from '../list/titles.js';
import { useStore } from '../parts/use-store.js';
import { useIsCut } from '../session/connection-banner.js';
import { useSession } from '../session/session-context.js';
import { actOnScreen } from './act.js';
import { CallIcon } from './call-icon.js';
import { pinnedView } from './call-page.js';
import { Controls } from './controls.js';
import { Elapsed } from './elapsed.js';
import { EndedCard } from './ended-card.js';
import { GAP, gridOf } from './grid.js';
import { StartSound } from './start-sound.js';
import { TileView } from './tile-view.js';
import { nameOf, stagedOf, type View, viewsOf } from './views.js';
import { wordsOfRefusal } from './words.js';
import './tile.css';
import './stage.css';

/** The call of the conversation that is open. */
export function CallStage({ session }: { readonly session: CallSession }) {
  const state = useStore(session.state);
  const stage = useRef<HTMLElement>(null);
  const { phase, conversationId, media } = state;
  if (phase === 'ended') return <EndedCard conversationId={conversationId} why={state.why} media={media} />;
  const me = state.tiles.find(({ isMe }) => isMe);
  return (
    <section ref={stage} class="stage" aria-label="Call">
      <StageHead state={state} />
      {me?.screen === true && (
        <p class="stage-note" role="status">
          <CallIcon name="screen" />
          You share your screen.
          <button type="button" class="text-button" onClick={() => actOnScreen(session.setScreen(false))}>
            Stop sharing
          </button>
        </p>
      )}
      <StartSound />
      <Floor session={session} state={state} />
      <Controls session={session} me={me} stage={stage} />
    </section>
  );
}

/** What goes on, in one line over the tiles. */
function StageHead({ state }: { readonly state: CallSnapshot }) {
  const { client } = useSession();
  const { conversationId, startedAt, broadcast, broadcastRefused, audioOnly, tiles, phase } = state;
  const isCut = useIsCut();
  const other = otherOf(conversationId, client.user);
  return (
    <header class="stage-head">
      <Elapsed since={startedAt} />
      {isCut && phase === 'connected' && (
        <span class="stage-fact amiss" role="status">
          Reconnecting… What is said goes on meanwhile.
        </span>
      )}
      {broadcast !== null && broadcastRefused !== undefined && (
        <span class="stage-fact amiss" role="status">{`Not on air: ${broadcastRefused}`}</span>
      )}
      {broadcast !== null && broadcastRefused === undefined && (
        <span class="on-air">
          <CallIcon name="onAir" />
          {broadcast === 'mix' ? 'On air' : 'On air: the screen'}
        </span>
      )}
      {audioOnly && <span class="stage-fact">Sound only: too much is lost on the way</span>}
      {tiles.length === 1 && phase === 'connected' && (
        <span class="stage-fact">
          {other === undefined ? 'Nobody else is here yet' : `Waiting for ${other}`}
        </span>
      )}
    </header>
  );
}

type FloorProps = { readonly session: CallSession; readonly state: CallSnapshot };

/** The tiles: all alike in a grid, or one on the stage and the others in a strip. */
function Floor({ session, state: { tiles, audioOnly, phase, refusal } }: FloorProps) {
  const { client } = useSession();
  const pinned = useStore(pinnedView);
  const [floor, room] = useRoom();
  const { focus, others } = stagedOf(viewsOf(tiles), pinned);
  const shown = (view: View) => (
    <TileView
      key={view.key}
      session={session}
      view={view}
      name={nameOf(view.tile, tiles, client.user)}
      isPinned={view.key === pinned}
      audioOnly={audioOnly}
    />
  );
  const grid = gridOf(others.length, room);
  useLayoutEffect(() => {
    const style = floor.current?.style;
    style?.setProperty('--tile-width', `${grid.width}px`);
    style?.setProperty('--tile-height', `${grid.height}px`);
    style?.setProperty('--gap', `${GAP}px`);
  });
  return (
    <div
      ref={floor}
      class={`floor ${focus === undefined ? 'grid' : 'focused'} ${grid.scrolls ? 'scrolls' : ''}`}
    >
      {focus !== undefined && <div class="focus">{shown(focus)}</div>}
      {/* What scrolls must be reachable by keys: the buttons on its tiles are. */}
      <div class="tiles">{others.map(shown)}</div>
      {phase !== 'connected' && <PhaseVeil phase={phase} refusal={refusal} isAlone={tiles.length < 2} />}
    </div>
  );
}

/** The room there is, in CSS pixels, as it changes. */
function useRoom() {
  const floor = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const measure = (): void => {
      const { clientWidth: width = 0, clientHeight: height = 0 } = floor.current ?? {};
      setRoom((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(floor.current as HTMLElement);
    measure();
    return () => sizes.disconnect();
  }, []);
  return [floor, room] as const;
}

type PhaseVeilProps = Pick<CallSnapshot, 'phase'> & {
  readonly refusal: CallSnapshot['refusal'] | undefined;
  readonly isAlone: boolean;
};

/** Lies over the tiles while no media comes. */
function PhaseVeil({ phase, refusal, isAlone }: PhaseVeilProps) {
  // Where nobody else is, there is nothing to connect to.
  if (phase === 'connecting' && isAlone) return null;
  const more =
    wordsOfRefusal(refusal) ??
    (phase === 'reconnecting' ? 'You are still in the call; a way is being sought.' : undefined);
  const words = { joining: 'Joining…', connecting: 'Connecting…', reconnecting: 'Reconnecting…' };
  return (
    <div class={`veil ${phase}`} role="status">
      <span class="spinner" />
      <strong>{words[phase as keyof typeof words]}</strong>
      {more !== undefined && <span>{more}</span>}
    </div>
  );
}
