import type { CallTile } from '@parley/client/voice/call-types';

/** One thing to look at: somebody, or what they show of their screen. */
export type View = {
  readonly key: string;
  readonly tile: CallTile;
  readonly source: 'camera' | 'screen';
};

export type Staged = {
  /** What has the stage; the others lie beside it. Undefined: all are alike. */
  readonly focus: View | undefined;
  readonly others: readonly View[];
};

export const keyOf = (participant: number, source: View['source']): string => `${participant} ${source}`;

/** Everybody, me last, and each screen before whose it is. */
export function viewsOf(tiles: readonly CallTile[]): readonly View[] {
  const ordered = [...tiles.filter(({ isMe }) => !isMe), ...tiles.filter(({ isMe }) => isMe)];
  return ordered.flatMap((tile): readonly View[] => {
    const { participant } = tile;
    const person = { key: keyOf(participant, 'camera'), tile, source: 'camera' } as const;
    return tile.screen ? [{ key: keyOf(participant, 'screen'), tile, source: 'screen' }, person] : [person];
  });
}

/** What was pinned has the stage, else the screen that somebody else shares: one's own would show itself in itself. */
export function stagedOf(views: readonly View[], pinned: string | undefined): Staged {
  const focus =
    views.find(({ key }) => key === pinned) ??
    views.findLast(({ tile, source }) => source === 'screen' && !tile.isMe);
  return { focus, others: views.filter((view) => view !== focus) };
}

/** The one view for where there is no room for more: a screen, who speaks, or who is to be seen at all. */
export function mostTelling(tiles: readonly CallTile[]): View | undefined {
  const others = viewsOf(tiles).filter(({ tile }) => !tile.isMe);
  const seen = others.filter(({ tile, source }) => source === 'camera' && tile.camera);
  return (
    others.findLast(({ source }) => source === 'screen') ?? seen.find(({ tile }) => tile.speaking) ?? seen[0]
  );
}

/** What is to be played of a view, where it is on. */
export function pictureOf({ tile, source }: View): MediaStreamTrack | undefined {
  if (source === 'screen') return tile.tracks.screen;
  return tile.camera ? tile.tracks.camera : undefined;
}

/** A participant by name; two devices of mine are told apart. */
export function nameOf(tile: CallTile, tiles: readonly CallTile[], me: string): string {
  if (tile.user !== me) return tile.user;
  const mine = tiles.filter(({ user }) => user === me).length;
  if (mine < 2) return 'You';
  return tile.isMe ? 'You · this device' : 'You · other device';
}
