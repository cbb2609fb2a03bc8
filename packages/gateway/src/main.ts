import { runService } from '@parley/infra/runtime/lifecycle';
import { createLog } from '@parley/infra/runtime/log';
import { readGatewayConfig } from './config.js';
import { startGateway } from './start.js';

const config = readGatewayConfig();
const log = createLog('gateway', config.PARLEY_LOG_LEVEL);
await runService('gateway', log, () => startGateway(config, log));
