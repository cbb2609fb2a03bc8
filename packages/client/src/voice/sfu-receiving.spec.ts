import type { ConsumerView } from '@parley/domain/wire/voice';
import type { Transport } from 'mediasoup-client/types';
import { describe, expect, it } from 'vitest';
import { RefusalError } from '../refusal-error.js';
import { createReceiving } from './sfu-receiving.js';

describe('what comes from a node', () => {
  it('is what it answers, and nothing else', async () => {
    const { receiving, heard } = open();
    receiving.take(voice('a'));
    receiving.take(voice('b'));
    await receiving.whole(Promise.resolve([voice('b'), voice('c')]));
    expect(await heard()).toEqual(['b', 'c']);
  });

  it('is also what a notice said before an answer that is older', async () => {
    const { receiving, heard } = open();
    const answer = Promise.withResolvers<readonly ConsumerView[]>();
    const whole = receiving.whole(answer.promise);
    receiving.take(voice('new'));
    answer.resolve([voice('a')]);
    await whole;
    expect(await heard()).toEqual(['a', 'new']);
  });

  it('is not what a notice ended before an answer that is older', async () => {
    const { receiving, heard } = open();
    const answer = Promise.withResolvers<readonly ConsumerView[]>();
    const whole = receiving.whole(answer.promise);
    receiving.ended('a');
    answer.resolve([voice('a'), voice('b')]);
    await whole;
    expect(await heard()).toEqual(['b']);
  });

  it('is silent as the notice said that came before an answer that is older', async () => {
    const { receiving } = open();
    const answer = Promise.withResolvers<readonly ConsumerView[]>();
    const whole = receiving.whole(answer.promise);
    receiving.paused('a', true);
    answer.resolve([voice('a'), voice('b')]);
    await whole;
    await turn();
    expect(receiving.received().map(({ isOff }) => isOff)).toEqual([true, false]);
  });

  it('goes on where how it is shown is told before this participant has entered again', async () => {
    const { receiving, heard, refusals } = open();
    receiving.take(voice('a'));
    await turn();
    refusals.push(new RefusalError('NotInCall'));
    receiving.shown(1, 'mic', null);
    expect(await heard()).toEqual(['a']);
    receiving.close();
  });

  it('is nothing once it is closed', async () => {
    const { receiving, made } = open();
    const answer = Promise.withResolvers<readonly ConsumerView[]>();
    const whole = receiving.whole(answer.promise);
    receiving.close();
    answer.resolve([voice('a')]);
    await whole;
    await turn();
    expect(made).toEqual([]);
  });
});

/** With what a browser would make of each; each question takes the first of `refusals`, where there is one. */
function open() {
  const made: string[] = [];
  const refusals: RefusalError[] = [];
  const transport = {
    async consume({ id, kind }: { readonly id: string; readonly kind: string }) {
      made.push(id);
      return { id, rtpReceiver: { id }, track: { kind }, close: () => undefined };
    },
  } as unknown as Transport;
  const receiving = createReceiving({
    transport: Promise.resolve(transport),
    async ask() {
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal;
      return {} as never;
    },
    onChange: () => undefined,
    onLost: (error) => {
      throw error;
    },
  });
  const heard = async (): Promise<readonly string[]> => {
    await turn();
    return receiving
      .received()
      .map(({ receiver }) => (receiver as unknown as { readonly id: string }).id)
      .toSorted();
  };
  return { receiving, made, heard, refusals };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

const voice = (consumer: string): ConsumerView => ({
  consumer,
  producer: `of ${consumer}`,
  participant: 1,
  kind: 'audio',
  source: 'mic',
  rtpParameters: { codecs: [] } as unknown as ConsumerView['rtpParameters'],
  producerPaused: false,
});
