import type { Devices as DeviceList } from '@parley/domain/wire/devices';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { sayWhy } from '../parts/toasts.js';
import { useSession } from '../session/session-context.js';
import { momentOf } from '../text/times.js';

/** My registered devices; those I no longer use can be ended. */
export function Devices() {
  const { client } = useSession();
  const [devices, setDevices] = useState<DeviceList['devices']>();
  const [problem, setProblem] = useState<string>();
  const load = (): void =>
    void client.call('device.list', {}).then(
      (list) => setDevices(list.devices),
      (error: Error) => setProblem(error.message),
    );
  useEffect(load, []);
  return (
    <section aria-labelledby="devices-title">
      <h3 id="devices-title">Devices</h3>
      {problem !== undefined && <p class="hint">{problem}</p>}
      {devices?.length === 0 && (
        <p class="hint">None is registered. A device registers when it brings keys of its own.</p>
      )}
      <ul class="people">
        {devices?.map(({ device, name, registeredAt, isMine, revokedAt }) => (
          <li key={device} class="person">
            <Icon name="device" />
            <div class="person-words">
              <strong>
                {name ?? device}
                {isMine && ' (this one)'}
              </strong>
              <span>
                {revokedAt !== undefined
                  ? `ended ${momentOf(revokedAt)}`
                  : registeredAt !== undefined && `since ${momentOf(registeredAt)}`}
              </span>
            </div>
            {!isMine && revokedAt === undefined && (
              <button
                type="button"
                class="button"
                onClick={() => client.call('device.revoke', { device }).then(load, sayWhy)}
              >
                End it
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
