import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One line of apt's sources: an archive, one suite of it, and the key it is signed with when that is said. */
export type AptSource = { readonly uri: string; readonly suite: string; readonly signedBy?: string };

/** The archive suites of the distribution itself that this machine is configured with; third parties' are left out. */
export const machineSources = async (root = '/etc'): Promise<readonly AptSource[]> => {
  const codename = /^VERSION_CODENAME=(.*)$/m
    .exec(await readText(join(root, 'os-release')))?.[1]
    ?.replaceAll('"', '');
  if (!codename) return [];
  const parts = join(root, 'apt/sources.list.d');
  const names = await readdir(parts).catch(() => []);
  const texts = await Promise.all(
    ['../sources.list', ...names].map(async (name) => parseSources(name, await readText(join(parts, name)))),
  );
  const own = new Set([codename, `${codename}-updates`, `${codename}-security`]);
  return texts.flat().filter((source) => own.has(source.suite));
};

/** The same archive's other suite, such as sid, for packages newer than this machine's. */
export const sourceOfSuite = async (suite: string, root = '/etc'): Promise<AptSource | undefined> => {
  const main = (await machineSources(root)).find((source) => !source.suite.includes('-'));
  return main && { ...main, suite };
};

export const formatSource = (source: AptSource): string =>
  `deb ${source.signedBy ? `[signed-by=${source.signedBy}] ` : ''}${source.uri} ${source.suite} main`;

const parseSources = (name: string, text: string): readonly AptSource[] =>
  name.endsWith('.sources') ? parseDeb822(text) : name.endsWith('.list') ? parseOneLine(text) : [];

const parseOneLine = (text: string): readonly AptSource[] =>
  text.split('\n').flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.replace(/#.*$/, '').trim());
    if (!match?.[4]?.split(/\s+/).includes('main')) return [];
    const signedBy = /signed-by=(\S+)/.exec(match[1] ?? '')?.[1];
    return [{ uri: match[2] as string, suite: match[3] as string, ...(signedBy ? { signedBy } : {}) }];
  });

const parseDeb822 = (text: string): readonly AptSource[] =>
  text.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = fieldsOf(paragraph);
    const words = (field: string) => (fields.get(field) ?? '').split(/\s+/).filter((word) => word !== '');
    if (!words('types').includes('deb') || !words('components').includes('main')) return [];
    if (words('enabled')[0]?.toLowerCase() === 'no') return [];
    const [signedBy] = words('signed-by');
    return words('uris').flatMap((uri) =>
      words('suites').map((suite) => ({ uri, suite, ...(signedBy?.startsWith('/') ? { signedBy } : {}) })),
    );
  });

const fieldsOf = (paragraph: string): ReadonlyMap<string, string> => {
  const fields = new Map<string, string>();
  let current = '';
  for (const line of paragraph.split('\n')) {
    if (line.startsWith('#')) continue;
    const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
    if (field) current = (field[1] as string).toLowerCase();
    fields.set(current, `${fields.get(current) ?? ''} ${field ? field[2] : line.trim()}`);
  }
  return fields;
};

const readText = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
