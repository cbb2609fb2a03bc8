import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasApt, unpackDebianPackages } from './fetch-debian.js';
import { downloadPinned } from './fetch-release.js';
import { runCommand } from './run-command.js';
import { searchPath } from './search-path.js';
import type { Fetch, ServerSource } from './server-source.js';

/**
 * Checksums of the vendor's archives as the official container image pins them (docker-library, nats 2.12.6).
 * A newer release is this version and these two sums.
 */
const release = {
  version: '2.12.6',
  sha256: {
    x64: ['amd64', '77fe7dd69ff5144126026b78355900be0ab0bb4339dc61a7621dcc9b9e9d07a6'],
    arm64: ['arm64', 'fddaf3f223c7af3f4d0a0d2c2fc084406e6b3ec7adfd1b9e6a37fbd03bfe222f'],
  } as Readonly<Record<string, readonly [architecture: string, sha256: string]>>,
};

const fromVendor: Fetch = {
  id: `nats-server-release-${release.version}`,
  from: `the vendor's release ${release.version}`,
  applies: async () => process.platform === 'linux' && process.arch in release.sha256,
  fill: async (directory) => {
    const [architecture, sha256] = release.sha256[process.arch] as readonly [string, string];
    const name = `nats-server-v${release.version}-linux-${architecture}`;
    const archive = join(directory, 'archive.tar.gz');
    const url = `https://github.com/nats-io/nats-server/releases/download/v${release.version}/${name}.tar.gz`;
    await downloadPinned(url, sha256, archive);
    await runCommand('tar', ['-xzf', archive, '--strip-components=1'], { cwd: directory });
    await rm(archive);
  },
  command: async (directory) => join(directory, 'nats-server'),
};

/** Debian 12 and 13 are too old (2.9, 2.10); the binary of sid is static and runs on both. */
const fromDebianSid: Fetch = {
  id: 'nats-server-debian-sid',
  from: "the distribution's newest suite (sid), unpacked and not installed",
  applies: hasApt,
  fill: (directory, report) =>
    unpackDebianPackages({ names: ['nats-server'], suite: 'sid' }, directory, report),
  command: async (directory) => join(directory, 'usr/sbin/nats-server'),
};

export const natsSource: ServerSource = {
  name: 'nats',
  title: 'nats-server',
  urlVariable: 'NATS_URL',
  minimum: [2, 12, 0],
  candidates: async () => searchPath('nats-server'),
  fetches: [fromVendor, fromDebianSid],
  image: 'nats:2.12',
  mend: 'install nats-server 2.12 or newer from https://nats.io/download and put it on the PATH',
};
