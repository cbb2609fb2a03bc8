/** What a page needs to reach a node without the SDK. */
export { Device } from 'mediasoup-client';
