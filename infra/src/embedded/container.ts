import { access, mkdir } from 'node:fs/promises';

/** What a server in a container needs: the counterpart of a LeashedProgram. */
export type ContainerPlan = {
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly files?: readonly { readonly content: string; readonly target: string }[];
  /** Host directory and where the server wants its data. */
  readonly data?: { readonly source: string; readonly target: string };
};

export type RunningContainer = {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
  start(): Promise<void>;
};

/** True when something that speaks Docker's protocol seems to be there: its socket, or an address of one. */
export const hasContainerEngine = async (): Promise<boolean> => {
  if (process.env.DOCKER_HOST) return true;
  return access('/var/run/docker.sock').then(
    () => true,
    () => false,
  );
};

/** Starts a container which testcontainers' reaper removes should this process die. */
export const startContainer = async (image: string, plan: ContainerPlan): Promise<RunningContainer> => {
  const { GenericContainer } = await import('testcontainers');
  let prepared = new GenericContainer(image)
    .withExposedPorts(plan.port)
    .withEnvironment({ ...plan.env })
    .withCopyContentToContainer([...(plan.files ?? [])]);
  if (plan.command) prepared = prepared.withCommand([...plan.command]);
  if (plan.data) {
    await mkdir(plan.data.source, { recursive: true });
    prepared = prepared.withBindMounts([{ source: plan.data.source, target: plan.data.target }]);
  }
  const container = await prepared.start();
  return {
    host: container.getHost(),
    port: container.getMappedPort(plan.port),
    stop: async () => void (await container.stop()),
    start: async () => void (await container.restart()),
  };
};
