/**
 * The binaries this gateway loads, by platform, architecture and Node's ABI number: the SHA-256 of the file as its package
 * ships it, and of the same file mended for a glibc older than 2.38 (see mend-elf.ts), where that was tried.
 *
 * This is the one constant to change together with the version of `uwebsockets` in package.json: docs/uwebsockets.md.
 */
export const binaries: Readonly<Record<string, Binary>> = {
  linux_x64_127: {
    shipped: '78e38a9a163b1cf33ce539619e5908111dea95a12e7943d95fbcdd524879caa8',
  },
  linux_x64_137: {
    shipped: '3b549c14e01d9d1faf234cdf4b6f0fb08158605e3692cd0eb1b905e327bd3449',
    mended: '176a33f82646b4ac277fd07f038b2d5eeacfaaf0bd27d30eead08879024689f0',
  },
  linux_arm64_127: { shipped: 'a7d9bc3ec166421a49416d5ea4f49118ae68ea1dbf8a765c4f45a79b0b6adb13' },
  linux_arm64_137: { shipped: 'b6eb007d627e00bcce03ad38f197124e9027c03f6fe784b37f97b8a6ea709cb4' },
  darwin_x64_127: { shipped: '1bcd63a9cd5cda811d899b80f9b1f7c9f29d128feafebe6976069ab1045a0335' },
  darwin_x64_137: { shipped: '7df6e0b2be43048200370a64ee91d6563879f5d3b0207f846dc81377ffc4e189' },
  darwin_arm64_127: { shipped: '84ab0c487fbbb895afbfa24c7ac02db5922b2eb468b3a4663aaca52af29b420c' },
  darwin_arm64_137: { shipped: 'dd7623e7e600dcc1384c4a639ac05849f0c27125be8c431b702e0513e86613f0' },
};

export type Binary = { readonly shipped: string; readonly mended?: string };
