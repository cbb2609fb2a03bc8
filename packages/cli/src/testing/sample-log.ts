import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A made-up evening in a channel: every shape of line, `turns` times, each time with other people. */
export function sampleLog(turns: number): readonly string[] {
  return Array.from({ length: turns }, (_, turn) => {
    const minute = String(turn % 60).padStart(2, '0');
    const time = `[${String(22 + Math.floor(turn / 60)).padStart(2, '0')}:${minute}]`
      .replace('24:', '00:')
      .replace('25:', '01:');
    const [ann, bob] = [`ann${turn % 7}`, `bob[${turn % 5}]`];
    return [
      `=== ${ann} [~a@host.example]  has joined #sample`,
      `${time} <${ann}> hello, number ${turn}`,
      `${time} <${bob}> grüß dich, ${ann}`,
      `${time}  * ${bob} waves`,
      `=== ${bob} shrugs`,
      `=== ${bob} is now known as ${bob}_`,
      `${time} <${ann}>`,
      '=== mode/#sample [+o op]  by op',
      `=== ${ann} [~a@host.example]  has left #sample []`,
      'a line of another kind',
    ];
  }).flat();
}

/** Files with these names and lines, in a directory of their own within `parent`. */
export async function writeLogs(
  parent: string,
  files: Readonly<Record<string, readonly string[]>>,
): Promise<readonly string[]> {
  const directory = await mkdtemp(join(parent, 'irc-'));
  const paths: string[] = [];
  for (const [name, lines] of Object.entries(files)) {
    const path = join(directory, name);
    await writeFile(path, lines.map((line) => `${line}\n`).join(''));
    paths.push(path);
  }
  return paths;
}
