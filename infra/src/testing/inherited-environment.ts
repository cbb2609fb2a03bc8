/** What a process of a test has of the environment of whoever runs it: where programs are found and kept. */
const INHERITED = [
  'PATH',
  'HOME',
  'XDG_CACHE_HOME',
  'PARLEY_CACHE',
  'PARLEY_MEDIASOUP_WORKER',
  'PARLEY_FFMPEG',
];

export const inheritedEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
