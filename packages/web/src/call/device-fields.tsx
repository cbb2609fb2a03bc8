import type { CallDevices, CallSession } from '@parley/client/voice/call-types';
import { useEffect, useId, useState } from 'preact/hooks';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { act } from './act.js';
import { callSettings, changeSettings } from './call-settings.js';

type DeviceFieldsProps = {
  readonly session: CallSession;
  /** Whoever listens alone has a speaker to choose, and nothing else. */
  readonly speaks: boolean;
};

/** Which microphone, camera and speaker are used; as they are plugged in and out. */
export function DeviceFields({ session, speaks }: DeviceFieldsProps) {
  const { client } = useSession();
  const { microphone, camera, speaker } = useStore(callSettings(client.user));
  const [devices, setDevices] = useState<CallDevices>();
  useEffect(() => {
    const load = (): void => void session.devices().then(setDevices, () => undefined);
    load();
    navigator.mediaDevices?.addEventListener('devicechange', load);
    return () => navigator.mediaDevices?.removeEventListener('devicechange', load);
  }, [session]);
  if (devices === undefined) return <span class="spinner" role="status" aria-label="Looking for devices" />;
  const use = (kind: 'microphone' | 'camera', deviceId: string): void => {
    changeSettings(client.user, { [kind]: deviceId });
    act(session.useDevice(kind, deviceId), kind);
  };
  const canChooseSpeaker = 'setSinkId' in HTMLMediaElement.prototype && devices.speakers.length > 0;
  return (
    <>
      {speaks && (
        <>
          <DeviceField
            label="Microphone"
            devices={devices.microphones}
            chosen={microphone}
            onChosen={(id) => use('microphone', id)}
          />
          <DeviceField
            label="Camera"
            devices={devices.cameras}
            chosen={camera}
            onChosen={(id) => use('camera', id)}
          />
        </>
      )}
      {canChooseSpeaker && (
        <DeviceField
          label="Speaker"
          devices={devices.speakers}
          chosen={speaker}
          onChosen={(id) => changeSettings(client.user, { speaker: id })}
        />
      )}
    </>
  );
}

type DeviceFieldProps = {
  readonly label: string;
  readonly devices: readonly MediaDeviceInfo[];
  readonly chosen: string | undefined;
  readonly onChosen: (deviceId: string) => void;
};

function DeviceField({ label, devices, chosen, onChosen }: DeviceFieldProps) {
  const id = useId();
  const isThere = devices.some(({ deviceId }) => deviceId === chosen);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="input"
        disabled={devices.length === 0}
        value={isThere ? chosen : devices[0]?.deviceId}
        onChange={({ currentTarget: { value } }) => onChosen(value)}
      >
        {devices.length === 0 && <option>None found</option>}
        {devices.map(({ deviceId, label: name }, index) => (
          <option key={deviceId} value={deviceId}>
            {name === '' ? `${label} ${index + 1}` : name}
          </option>
        ))}
      </select>
    </div>
  );
}
