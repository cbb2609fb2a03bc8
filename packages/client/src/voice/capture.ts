/** What the browser is asked for, one question at a time: people are slow to answer it, and may want something else by then. */
export type Capture = {
  /** Asks for it. When this resolves it is there, unless it was turned off again. Rejects with what the browser said. */
  on(): Promise<void>;
  /** No more wanted: what still comes is let go of, and that it is refused is nobody's concern. */
  off(): void;
  /** By this device from now on. */
  use(deviceId: string): void;
  /** It is wanted, and the browser has not answered. */
  readonly isAwaited: boolean;
};

export type CaptureOptions = {
  readonly ask: (deviceId: string | undefined) => Promise<MediaStream>;
  readonly take: (stream: MediaStream) => void;
  readonly deviceId: string | undefined;
};

export function createCapture({ ask, take, deviceId }: CaptureOptions): Capture {
  let device = deviceId;
  let isWanted = false;
  let going: Promise<void> | undefined;

  /** The answer counts if what it answers is still wanted; otherwise what is wanted by then is asked for. */
  async function run(): Promise<void> {
    const asked = device;
    const isStill = (): boolean => isWanted && device === asked;
    try {
      const stream = await ask(asked);
      if (isStill()) {
        going = undefined;
        return take(stream);
      }
      for (const track of stream.getTracks()) track.stop();
    } catch (error) {
      if (isStill()) {
        going = undefined;
        throw error;
      }
    }
    if (isWanted) return run();
    going = undefined;
  }

  return {
    on() {
      isWanted = true;
      going ??= run();
      return going;
    },
    off() {
      isWanted = false;
    },
    use(deviceId) {
      device = deviceId;
    },
    get isAwaited() {
      return isWanted && going !== undefined;
    },
  };
}
