import { readConfig } from '@parley/infra/runtime/config';
import { runService, stopTimeoutMs } from '@parley/infra/runtime/lifecycle';
import { createLog } from '@parley/infra/runtime/log';
import { SfuConfig } from './config.js';
import { startSfu } from './start.js';

const config = readConfig(SfuConfig);
const log = createLog('sfu', config.PARLEY_LOG_LEVEL);
// Calls are moved before anything else stops.
const stopWithinMs = config.PARLEY_VOICE_DRAIN * 1_000 + stopTimeoutMs;
await runService('sfu', log, (stop) => startSfu(config, log, stop), stopWithinMs);
