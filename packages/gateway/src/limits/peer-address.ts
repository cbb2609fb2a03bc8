import { BlockList, isIP } from 'node:net';

/** Says by which name the attempts of a peer are counted; undefined where they are not. */
export type NamePeer = (peer: string, forwardedFor: string) => string | undefined;

/**
 * Behind a proxy everyone comes from its address: of one that is trusted (`networks`, as in 10.0.0.0/8), the name is the last
 * address in X-Forwarded-For that is no trusted proxy itself. Where it names none, nobody is counted: one of its clients must
 * not lock the others out. An IPv6 network of 64 bits counts as one, because one subscriber has all of it.
 */
export function peerNaming(networks: readonly string[]): NamePeer {
  const trusted = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const type = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, type);
    else trusted.addSubnet(address, Number(bits), type);
  }
  const isTrusted = (address: string): boolean =>
    trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return (peer, forwardedFor) => {
    const direct = withoutMapping(peer);
    if (isIP(direct) === 0) return undefined;
    if (!isTrusted(direct)) return nameOf(direct);
    const hops = forwardedFor.split(',').map((hop) => withoutMapping(hop.trim()));
    const client = hops.findLast((hop) => isIP(hop) === 0 || !isTrusted(hop));
    return client === undefined || isIP(client) === 0 ? undefined : nameOf(client);
  };
}

function nameOf(address: string): string {
  if (isIP(address) === 4) return address;
  const groups = expanded(address);
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function expanded(address: string): readonly string[] {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].map((group) => group.replace(/^0+(?=.)/, '').toLowerCase());
}

/** An IPv4 peer of a socket that listens on IPv6 too comes as `::ffff:a.b.c.d`, or the same in hexadecimal. */
function withoutMapping(address: string): string {
  if (isIP(address) !== 6) return address;
  const dotted = /^(?:0*:)*:?(?:0*:)*ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (dotted !== null) return dotted[1] as string;
  const groups = expanded(address);
  if (groups.slice(0, 5).some((group) => group !== '0') || groups[5] !== 'ffff') return address;
  const [high, low] = groups.slice(6).map((group) => Number.parseInt(group, 16)) as [number, number];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
