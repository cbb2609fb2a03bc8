/** What an application with calls uses of the SDK, and what plays a call's tracks, for pages of tests. */
export { createClient } from '../parley-client.js';
export { openMesh } from '../voice/mesh.js';
export { openCalls } from '../voice/open-calls.js';
export { playTracks } from './play-tracks.js';
