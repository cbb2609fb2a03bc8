/** What a node knows of one conversation's call: whether it carries it, and by which placement. Fences are those of placements, see protocol.ts of infra/voice. */
export type Hold =
  | { readonly tag: 'nothing' }
  /** It is carried here: as its core, or as an edge of the node `core`. */
  | { readonly tag: 'held'; readonly call: number; readonly fence: number; readonly core?: string }
  /** It was placed elsewhere under this fence; the room stays for as long as its participants take to go there. */
  | { readonly tag: 'leaving'; readonly call: number; readonly fence: number; readonly node: string }
  /** It is elsewhere: no request of an older placement is answered. */
  | { readonly tag: 'elsewhere'; readonly call: number; readonly fence: number; readonly node: string }
  /** That call, and each one before it, has ended. */
  | { readonly tag: 'over'; readonly call: number };

export type HoldInput =
  /** Somebody shows a placement that names this node, as core or, with `core`, as an edge: a ticket, or this node's own doing. */
  | { readonly tag: 'shown'; readonly call: number; readonly fence: number; readonly core?: string }
  /** A placement, as Redis or another node has it; `node` is its core. */
  | { readonly tag: 'told'; readonly call: number; readonly fence: number; readonly node: string }
  /** It is given away by this node itself: a core to another one, an edge back to its core. */
  | { readonly tag: 'given'; readonly call: number; readonly fence: number; readonly node: string }
  /** Who was here has gone, or had their time. */
  | { readonly tag: 'left' }
  /** Nobody has been here for a while. */
  | { readonly tag: 'idle' }
  /** This node can carry nothing any more; nobody has said where it goes. */
  | { readonly tag: 'unable' }
  /** The log says that the call has ended. */
  | { readonly tag: 'ended'; readonly call: number };

export type HoldStep = {
  readonly hold: Hold;
  readonly effect:
    | 'none'
    /** Make the room, or raise the fence of the one there is. */
    | 'open'
    /** As `open`, after the room of an older call is closed. */
    | 'reopen'
    /** Close the room; its participants enter again. */
    | 'giveUp'
    /** Close the room; there is nobody to tell. */
    | 'close';
  /** Whether what was shown may be served. */
  readonly verdict: 'serve' | 'stale' | 'over';
};

/**
 * The table of states and inputs. Pure. A newer placement wins over an older one, wherever it is heard of; what was given up is served again only under
 * a newer one.
 */
export function stepHold(hold: Hold, input: HoldInput, self: string): HoldStep {
  switch (input.tag) {
    case 'shown':
      return shown(hold, input, self);
    case 'told':
    case 'given': {
      const { call, fence, node } = input;
      if (hold.tag === 'over' && call <= hold.call) return stay(hold);
      if (hold.tag !== 'nothing' && hold.tag !== 'over' && isOlder(input, hold)) return stay(hold);
      if (hold.tag !== 'held')
        return stay(
          hold.tag === 'leaving' ? { ...hold, call, fence, node } : { tag: 'elsewhere', call, fence, node },
        );
      if (input.tag === 'told' && node === (hold.core ?? self)) {
        if (call === hold.call && fence === hold.fence) return stay(hold);
        // This node is the core of it under a newer fence: what comes under the older one is refused from now on.
        if (call === hold.call && hold.core === undefined)
          return { hold: { ...hold, fence }, effect: 'open', verdict: 'serve' };
      }
      // Whoever is on an edge is told by closing it: others of the call stay where they are.
      if (input.tag === 'given' && hold.core === undefined)
        return stay({ tag: 'leaving', call, fence, node });
      return { hold: { tag: 'elsewhere', call, fence, node }, effect: 'giveUp', verdict: 'stale' };
    }
    case 'left':
      return hold.tag === 'leaving'
        ? { hold: { ...hold, tag: 'elsewhere' }, effect: 'close', verdict: 'stale' }
        : stay(hold);
    case 'idle':
      return hold.tag === 'held'
        ? { hold: { tag: 'nothing' }, effect: 'close', verdict: 'stale' }
        : stay(hold);
    case 'unable':
      return hold.tag === 'held'
        ? { hold: { tag: 'nothing' }, effect: 'giveUp', verdict: 'stale' }
        : stay(hold);
    case 'ended': {
      const { call } = input;
      if (hold.tag !== 'nothing' && hold.call > call) return stay(hold);
      const isOpen = hold.tag === 'held' || hold.tag === 'leaving';
      return { hold: { tag: 'over', call }, effect: isOpen ? 'close' : 'none', verdict: 'over' };
    }
    default:
      return input satisfies never;
  }
}

function shown(
  hold: Hold,
  { call, fence, core }: Extract<HoldInput, { readonly tag: 'shown' }>,
  self: string,
): HoldStep {
  const held: Hold = { tag: 'held', call, fence, ...(core === undefined ? {} : { core }) };
  switch (hold.tag) {
    case 'nothing':
      return { hold: held, effect: 'open', verdict: 'serve' };
    case 'over':
      return call > hold.call
        ? { hold: held, effect: 'open', verdict: 'serve' }
        : { hold, effect: 'none', verdict: 'over' };
    case 'held':
      if (call < hold.call) return { hold, effect: 'none', verdict: 'over' };
      if (call > hold.call) return { hold: held, effect: 'reopen', verdict: 'serve' };
      if (fence < hold.fence) return { hold, effect: 'none', verdict: 'stale' };
      if (fence === hold.fence)
        return core === hold.core
          ? { hold, effect: 'none', verdict: 'serve' }
          : { hold, effect: 'none', verdict: 'stale' };
      return { hold: held, effect: 'open', verdict: 'serve' };
    case 'leaving':
    case 'elsewhere': {
      if (call < hold.call) return { hold, effect: 'none', verdict: 'over' };
      if (isOlder({ call, fence }, hold)) return { hold, effect: 'none', verdict: 'stale' };
      // The same fence names this node only as an edge of the core that has it.
      if (call === hold.call && fence === hold.fence && (core ?? self) !== hold.node)
        return { hold, effect: 'none', verdict: 'stale' };
      const isOther = hold.tag === 'leaving' && call > hold.call;
      return { hold: held, effect: isOther ? 'reopen' : 'open', verdict: 'serve' };
    }
    default:
      return hold satisfies never;
  }
}

const stay = (hold: Hold): HoldStep => ({
  hold,
  effect: 'none',
  verdict: hold.tag === 'held' ? 'serve' : hold.tag === 'over' ? 'over' : 'stale',
});

type Fenced = { readonly call: number; readonly fence: number };

const isOlder = (one: Fenced, other: Fenced): boolean =>
  one.call < other.call || (one.call === other.call && one.fence < other.fence);
