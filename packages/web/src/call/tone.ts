/** A tone that is played again and again; the result ends it. Notes in Hz, times in seconds. */
export type Tone = {
  readonly notes: readonly number[];
  readonly noteSeconds: number;
  readonly everySeconds: number;
  readonly volume: number;
};

export const RINGING: Tone = {
  notes: [659, 784, 988, 784],
  noteSeconds: 0.17,
  everySeconds: 2.4,
  volume: 0.16,
};
export const RINGING_THERE: Tone = { notes: [440, 440], noteSeconds: 0.4, everySeconds: 3.5, volume: 0.05 };

/** Silent where the browser wants the page to be touched first. */
export function play({ notes, noteSeconds, everySeconds, volume }: Tone): () => void {
  const context = new AudioContext();
  const round = (): void => {
    notes.forEach((frequency, index) => {
      const from = context.currentTime + 0.02 + index * noteSeconds;
      const note = context.createOscillator();
      const gain = context.createGain();
      note.type = 'sine';
      note.frequency.value = frequency;
      // Without a rise and a fall it would click.
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(volume, from + 0.015);
      gain.gain.exponentialRampToValueAtTime(0.001, from + noteSeconds * 1.6);
      note.connect(gain).connect(context.destination);
      note.start(from);
      note.stop(from + noteSeconds * 1.7);
    });
  };
  round();
  const timer = setInterval(() => {
    if (context.state === 'running') round();
  }, everySeconds * 1_000);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
