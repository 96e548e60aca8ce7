import { randomUUID } from 'node:crypto';

/** What a message says of itself. None of it may come from a directory or a file. */
export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** This machine's name. */
  readonly host: string;
  readonly date: Date;
}

const LONGEST_LINE = 900;

/**
 * A message (RFC 5322) of plain text in UTF-8, with CRLF lines, as `sendmail -i` takes it. Text that is not ASCII or has long lines
 * goes as base64, so that it passes every relay.
 *
 * @throws RangeError for a header that could become two, or that is not ASCII
 */
export function mailOf({ from, to, subject, host, date }: Envelope, text: string): Buffer {
  const plain = isPlain(text);
  const headers: readonly (readonly [string, string])[] = [
    ['From', from],
    ['To', to.join(',\r\n ')],
    ['Subject', subject],
    ['Date', date.toUTCString().replace('GMT', '+0000')],
    ['Message-ID', `<${randomUUID()}@${host}>`],
    ['Auto-Submitted', 'auto-generated'],
    ['MIME-Version', '1.0'],
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Transfer-Encoding', plain ? '7bit' : 'base64'],
  ];
  const head = headers.map(([name, value]) => {
    if (!/^[\x20-\x7e]*(?:,\r\n [\x20-\x7e]+)*$/.test(value))
      throw new RangeError(`${name} can't be a header`);
    return `${name}: ${value}\r\n`;
  });
  const lines = text.replaceAll(/\r?\n/g, '\r\n');
  const body = plain
    ? lines
    : `${(
        Buffer.from(lines)
          .toString('base64')
          .match(/.{1,76}/g) ?? []
      ).join('\r\n')}\r\n`;
  return Buffer.from(`${head.join('')}\r\n${body}`);
}

function isPlain(text: string): boolean {
  return /^[\t\n -~]*$/.test(text) && text.split('\n').every((line) => line.length <= LONGEST_LINE);
}
