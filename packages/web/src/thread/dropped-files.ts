import { MAX_BODY_BYTES } from '@parley/domain/conversation/body';
import { say } from '../parts/toasts.js';

/** What becomes of files that were dropped or pasted: none can be sent, but a short text can become one's words. */
export function refuseFiles(files: readonly File[], insert: (text: string) => void): void {
  const [file] = files;
  if (file === undefined) return;
  const isText = /^text\//.test(file.type) || /\.(?:txt|md|log|csv|json)$/i.test(file.name);
  if (files.length > 1 || !isText)
    return say('Files cannot be sent here, only text. Put it somewhere else and send the link.', 'problem');
  if (file.size > MAX_BODY_BYTES)
    return say(`${file.name} is longer than a message may be: ${MAX_BODY_BYTES / 1_024} KiB.`, 'problem');
  say(`Files cannot be sent here. ${file.name} is text, though:`, 'notice', {
    label: 'Insert its text',
    run: () =>
      void file
        .text()
        .then((text) =>
          text.includes('\u0000') ? say(`${file.name} is not text after all.`, 'problem') : insert(text),
        ),
  });
}
