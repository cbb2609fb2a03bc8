import { BlockList, isIP } from 'node:net';

/**
 * Whether a candidate with this address tells nothing of somebody's own network: a public IP address, or an mDNS name, which only the net it was made in can resolve
 * (RFC 8828). Other names may resolve to anything, so they are not public.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return MDNS_NAME.test(address);
  if (family === 4) return !private4.check(address, 'ipv4');
  const inner = ipv4Within(address);
  return !private6.check(address, 'ipv6') && (inner === undefined || !private4.check(inner, 'ipv4'));
}

const MDNS_NAME = /^[0-9a-f-]{8,63}\.local$/i;

const blockList = (family: 'ipv4' | 'ipv6', ...networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
};

/** Not for the public internet, by the registry of IANA (RFC 6890 and its successors). */
const private4 = blockList(
  'ipv4',
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
);

const private6 = blockList(
  'ipv6',
  '::/128',
  '::1/128',
  '::ffff:0:0:0/96',
  '64:ff9b:1::/48',
  '100::/63',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
);

/** The IPv4 address that an IPv6 one leads to: mapped or compatible (RFC 4291), by NAT64 (RFC 6052) or 6to4 (RFC 3056). */
function ipv4Within(address: string): string | undefined {
  const groups = groupsOf(address);
  const prefix = groups.slice(0, 6).join(':');
  if (prefix === '0:0:0:0:0:ffff' || prefix === '0:0:0:0:0:0' || prefix === '64:ff9b:0:0:0:0')
    return dotted(groups[6], groups[7]);
  return groups[0] === '2002' ? dotted(groups[1], groups[2]) : undefined;
}

/** The eight groups of an IPv6 address, in hexadecimal without leading zeros. The URL parser writes each address in one way. */
function groupsOf(address: string): readonly string[] {
  const [bare = ''] = address.split('%');
  const normal = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const [head = '', tail] = normal.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

function dotted(high = '0', low = '0'): string {
  const bytes = [high, low].map((group) => Number.parseInt(group, 16));
  return bytes.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}
