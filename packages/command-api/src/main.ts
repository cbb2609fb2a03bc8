import 'reflect-metadata';
import { runService } from '@parley/infra/runtime/lifecycle';
import { createLog } from '@parley/infra/runtime/log';
import { readApiConfig } from './config.js';
import { startApi } from './start.js';

const config = readApiConfig();
const log = createLog('command-api', config.PARLEY_LOG_LEVEL);
await runService('command-api', log, () => startApi(config, log));
