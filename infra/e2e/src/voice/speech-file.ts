import { writeFile } from 'node:fs/promises';

const RATE = 48_000;

/**
 * Writes a sound for Chromium's fake microphone: a second of a gliding vowel that never falls silent, so that packets come all the time, and that no noise
 * suppression takes for noise. 16 bits, mono.
 */
export async function writeSpeech(path: string): Promise<void> {
  const samples = new Int16Array(RATE);
  for (let n = 0; n < RATE; n++) {
    const s = n / RATE;
    const pitch = 140 + 40 * Math.sin(2 * Math.PI * 3 * s);
    let value = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic++)
      value += Math.sin(2 * Math.PI * pitch * harmonic * s) / harmonic;
    samples[n] = value * 6_000 * (0.7 + 0.3 * Math.sin(2 * Math.PI * 5 * s));
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  await writeFile(path, Buffer.concat([header, Buffer.from(samples.buffer)]));
}
