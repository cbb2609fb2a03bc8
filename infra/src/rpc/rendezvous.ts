import { fnv1a32 } from '@parley/domain/log/partition';

/**
 * The one of `nodes` with the greatest weight for `key` (rendezvous hashing, Thaler and Ravishankar 1998): when a node
 * comes or goes only its own keys move. Undefined without nodes.
 */
export function chooseNode(nodes: Iterable<string>, key: string): string | undefined {
  let chosen: string | undefined;
  let greatest = -1;
  for (const node of nodes) {
    const weight = scramble(fnv1a32(`${node}/${key}`));
    if (weight > greatest || (weight === greatest && chosen !== undefined && node < chosen)) {
      greatest = weight;
      chosen = node;
    }
  }
  return chosen;
}

/** Final mix of MurmurHash3: FNV alone leaves similar keys with similar weights. */
function scramble(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
