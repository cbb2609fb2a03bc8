import type { Finding } from '@parley/infra/embedded/doctor';
import { hasApt } from '@parley/infra/embedded/fetch-debian';
import { findFfmpeg } from '@parley/infra/embedded/find-ffmpeg';
import { version } from 'mediasoup';
import { BUILD_MEND, missingBuildPackages, missingBuildPrograms } from './build-tools.js';
import { survivesPackets } from './deadly-packets.js';
import { findMediasoupWorker } from './find-worker.js';

const BUILD = 'build one as infra/mediasoup-worker/README.md says, and name it in PARLEY_MEDIASOUP_WORKER';

/** What this machine has of what calls by a server need. Looks at what is there and changes nothing. */
export const inspectVoice = async (): Promise<readonly Finding[]> =>
  Promise.all([inspectWorker(), inspectFfmpeg()]);

async function inspectWorker(): Promise<Finding> {
  const what = 'media worker';
  try {
    const { origin, workerBin } = await findMediasoupWorker(undefined, { mayMake: false });
    const detail = `mediasoup ${version} (${origin})`;
    if (await survivesPackets(workerBin)) return { what, state: 'good', detail };
    return {
      what,
      state: 'good',
      detail: `${detail}; anybody in a call can end it by a packet`,
      mend: BUILD,
    };
  } catch (error) {
    if (process.env.PARLEY_MEDIASOUP_WORKER)
      return {
        what,
        state: 'missing',
        detail: (error as Error).message,
        mend: 'unset PARLEY_MEDIASOUP_WORKER',
      };
    const fetched = `${(error as Error).message}; the next start fetches the vendor's build or, in minutes, builds one`;
    const packages = await missingBuildPackages();
    if (packages !== undefined) {
      const lacking = packages.length === 0 ? '' : `, with ${packages.join(', ')} unpacked and not installed`;
      return { what, state: 'will be fetched', detail: `${fetched}${lacking}` };
    }
    const programs = await missingBuildPrograms();
    if (programs.length === 0) return { what, state: 'will be fetched', detail: fetched };
    return {
      what,
      state: 'will be fetched',
      detail: `${fetched}, for which ${programs.join(', ')} would have to be installed`,
      mend: BUILD_MEND,
    };
  }
}

/** Only broadcasts of calls need it. */
async function inspectFfmpeg(): Promise<Finding> {
  const what = 'ffmpeg, for broadcasts';
  try {
    const { command } = await findFfmpeg({ mayFetch: false });
    return { what, state: 'good', detail: command };
  } catch (error) {
    if (await hasApt())
      return {
        what,
        state: 'will be fetched',
        detail: "the first broadcast fetches the distribution's package",
      };
    return {
      what,
      state: 'missing',
      detail: (error as Error).message,
      mend: 'install ffmpeg and put it on the PATH',
    };
  }
}
