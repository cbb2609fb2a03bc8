/** Drawn on a grid of 24, with a line of 1.8. */
const paths = {
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  search: 'M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM16 16l4 4',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4zM9 14.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4z',
  send: 'M4.5 12L4 5l16.5 7L4 19l.5-7zm0 0H12',
  smile:
    'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8.5 14.2c.8 1.2 2 1.9 3.5 1.9s2.700-.7 3.500-1.900M9.200 9.500v.2M14.800 9.500v.2',
  reply: 'M10 6l-6 6 6 6M4 12h9.500c3.600 0 6 2.200 6.500 6',
  edit: 'M4.500 19.500l1-4L16 5l3 3L8.500 18.500z',
  trash: 'M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7M10.300 10.500v6M13.700 10.500v6',
  copy: 'M9 9h10v11H9zM15 9V4.500H5V15h4',
  more: 'M5.500 11.300a.7.7 0 1 0 0 1.400.7.7 0 0 0 0-1.400zM12 11.300a.7.7 0 1 0 0 1.400.7.7 0 0 0 0-1.400zM18.500 11.300a.7.7 0 1 0 0 1.400.7.7 0 0 0 0-1.400z',
  horn: 'M4 10v4h3.500l8.500 5V5L7.500 10zM8 14.500l1.200 5M19 9.500c1.300 1.200 1.300 3.800 0 5',
  info: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM12 11v5M12 8v.2',
  people:
    'M9 5a3.200 3.200 0 1 0 0 6.400A3.200 3.200 0 0 0 9 5zM3.500 19c.3-3.200 2.500-5 5.500-5s5.200 1.800 5.500 5M15.500 5.400a3 3 0 0 1 0 5.700M17 14.200c2.100.5 3.300 2.200 3.500 4.800',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.200l2.800 1.800',
  timer: 'M12 6.500a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM12 10v3.500M9.500 3.500h5',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  checks: 'M2.500 12.500L7 17l9.500-9.500M11.500 16l1 1L22 7.500',
  alert: 'M12 4l9 16H3zM12 10v4.500M12 17v.2',
  down: 'M12 5v13M6 12.500l6 6 6-6',
  device: 'M5 5.500h14v9.500H5zM3 18.500h18',
  leave: 'M14 5H5.500v14H14M10 12h10M16.500 8.500L20 12l-3.500 3.500',
  lock: 'M6.500 11h11v8.500h-11zM9 11V8a3 3 0 0 1 6 0v3',
} as const;

export type IconName = keyof typeof paths;

/** A picture beside words, or inside a button that has a name: nothing to read out. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={paths[name]} />
  </svg>
);
