/** A track that may be broadcast. */
export type Candidate = { readonly id: string; readonly participant: number };

/** For how long one camera is shown before another may be, in ms: two who talk to each other do not make it flicker. */
export const SHOWN_MS = 3_000;

/**
 * Which voices go in which slot. Who has one keeps it for as long as nobody who speaks needs it; who speaks takes an empty one, else that of somebody
 * who does not.
 *
 * @param speakers participants, loudest first
 */
export function pickVoices(
  slots: readonly (string | undefined)[],
  voices: readonly Candidate[],
  speakers: readonly number[],
): readonly (string | undefined)[] {
  const there = new Map(voices.map((voice) => [voice.id, voice.participant]));
  const picked = slots.map((id) => (id !== undefined && there.has(id) ? id : undefined));
  const rank = (participant: number): number => {
    const at = speakers.indexOf(participant);
    return at === -1 ? speakers.length : at;
  };
  const wanting = voices
    .filter(({ id }) => !picked.includes(id))
    .sort((one, other) => rank(one.participant) - rank(other.participant));
  for (const { id, participant } of wanting) {
    const isSpeaking = speakers.includes(participant);
    const empty = picked.indexOf(undefined);
    const silent = picked.findIndex(
      (held) => held !== undefined && !speakers.includes(there.get(held) ?? -1),
    );
    const slot = empty !== -1 ? empty : isSpeaking ? silent : -1;
    if (slot !== -1) picked[slot] = id;
  }
  return picked;
}

/**
 * Which picture is shown: that of the loudest who has one, not changed more often than every 3 s; of the one who was shown last while nobody speaks.
 *
 * @param shown what is shown, and since when in ms
 */
export function pickPicture(
  shown: { readonly id: string; readonly since: number } | undefined,
  pictures: readonly Candidate[],
  speakers: readonly number[],
  now: number,
): string | undefined {
  const isThere = pictures.some(({ id }) => id === shown?.id);
  if (shown !== undefined && isThere && now - shown.since < SHOWN_MS) return shown.id;
  for (const speaker of speakers) {
    const own = pictures.find(({ participant }) => participant === speaker);
    if (own !== undefined) return own.id;
  }
  return isThere ? shown?.id : pictures[0]?.id;
}
