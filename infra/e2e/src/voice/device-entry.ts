import { Device } from 'mediasoup-client';

/** What a page needs to reach a node without the SDK. */
export const device = new Device();
