import { Drawing } from '../parts/icon.js';

const MIC =
  'M12 3.800a2.600 2.600 0 0 0-2.600 2.600v5a2.600 2.600 0 0 0 5.200 0v-5A2.600 2.600 0 0 0 12 3.800zM6.300 11.300a5.700 5.700 0 0 0 11.400 0M12 17v3.200';
const CAMERA =
  'M5.500 6.500h7.300a1.700 1.700 0 0 1 1.700 1.700v7.600a1.700 1.700 0 0 1-1.700 1.700H5.500a1.700 1.700 0 0 1-1.700-1.700V8.200a1.700 1.700 0 0 1 1.700-1.700zM14.500 11l5.700-3.200v8.400L14.500 13';
const EARS =
  'M4.500 15.200v-2.700a7.500 7.500 0 0 1 15 0v2.700M4.500 14.300h3v5.200H6a1.500 1.500 0 0 1-1.500-1.500zM19.500 14.300h-3v5.200H18a1.500 1.500 0 0 0 1.500-1.500z';
const SCREEN = 'M4 5h16v11H4zM8.500 19.500h7M12 13.200V8.300M9.600 10.500L12 8.100l2.400 2.400';
const CROSSED = 'M4 4l16 16';

/** Drawn as the others are; only calls need them. */
const paths = {
  mic: MIC,
  micOff: `${MIC}${CROSSED}`,
  camera: CAMERA,
  cameraOff: `${CAMERA}${CROSSED}`,
  ears: EARS,
  earsOff: `${EARS}${CROSSED}`,
  screen: SCREEN,
  screenOff: `M4 5h16v11H4zM8.500 19.500h7${CROSSED}`,
  hangUp:
    'M12 9.800c3.300 0 6.100.8 8.200 2.400.7.500.9 1.400.6 2.100l-.7 1.800-4.100-1v-2.300a13.500 13.500 0 0 0-8 0v2.300l-4.100 1-.7-1.800c-.3-.7-.1-1.600.6-2.100C5.900 10.600 8.700 9.800 12 9.800z',
  chat: 'M4.800 5.500h14.400V16h-8.200L7 19.500V16H4.800z',
  expand: 'M4.500 9.500v-5h5M14.500 4.500h5v5M19.500 14.500v5h-5M9.500 19.500h-5v-5',
  shrink: 'M9.500 4.500v5h-5M14.500 4.500v5h5M14.500 19.500v-5h5M9.500 19.500v-5h-5',
  signal: 'M6 18.500v-3M12 18.500V11M18 18.500V6',
  fair: 'M6 18.500v-3M12 18.500V11M18 18.500v-.5',
  weak: 'M6 18.500v-3M12 18.500v-.5M18 18.500v-.5',
  onAir:
    'M12 10.800a1.300 1.300 0 1 0 0 2.600 1.300 1.300 0 0 0 0-2.600zM8.500 15.600a5 5 0 0 1 0-7M15.500 8.600a5 5 0 0 1 0 7M6 18.100a8.500 8.500 0 0 1 0-12M18 6.100a8.500 8.500 0 0 1 0 12',
} as const;

export type CallIconName = keyof typeof paths;

export const CallIcon = ({ name }: { readonly name: CallIconName }) => <Drawing path={paths[name]} />;
