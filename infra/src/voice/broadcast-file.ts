/** The files of a broadcast: the playlist of qualities, that of each of them, and its segments. Nothing else is served. */
const NAME = /^(index\.m3u8|[0-2]\/index\.m3u8|[0-2]\/\d{1,12}\.ts)$/;

export const isBroadcastFile = (name: string): boolean => NAME.test(name);

/** A segment never changes; a playlist does with each of them. */
export const isSegment = (name: string): boolean => name.endsWith('.ts');

/** As RFC 8216, 4 and 10, names them. */
export const contentTypeOf = (name: string): string =>
  isSegment(name) ? 'video/mp2t' : 'application/vnd.apple.mpegurl';

type BroadcastFile = { readonly conversationId: string; readonly call: number; readonly name: string };

/** Where a node has it. */
export const broadcastPath = ({ conversationId, call, name }: BroadcastFile): string =>
  `/broadcasts/${encodeURIComponent(conversationId)}/${call}/${name}`;

export function readBroadcastPath(path: string): BroadcastFile | undefined {
  const [, conversationId, call, name] =
    /^\/broadcasts\/([\w%.~-]{1,400})\/(\d{1,16})\/(.+)$/.exec(path) ?? [];
  if (conversationId === undefined || name === undefined || !isBroadcastFile(name)) return undefined;
  try {
    return { conversationId: decodeURIComponent(conversationId), call: Number(call), name };
  } catch {
    return undefined;
  }
}
