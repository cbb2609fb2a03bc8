import { readConfig } from '@parley/infra/runtime/config';
import { runService } from '@parley/infra/runtime/lifecycle';
import { createLog } from '@parley/infra/runtime/log';
import { ProjectorConfig } from './config.js';
import { startProjector } from './start.js';

const config = readConfig(ProjectorConfig);
const log = createLog('projector', config.PARLEY_LOG_LEVEL);

await runService('projector', log, () => startProjector(config, log));
