import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { type CallStage, openCallStage } from './call-stage.js';
import { fitsTiles } from './fits-tiles.js';

let stage: CallStage;
beforeAll(async () => {
  stage = await openCallStage(0);
});
afterEach(() => stage?.clear());
afterAll(() => stage?.close());

describe('a call from browser to browser', () => {
  it('has of each picture what fits its tile, and of one that nobody looks at nothing is sent', () =>
    fitsTiles(stage, 'p2p', 160));
});
