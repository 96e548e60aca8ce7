import { BerWriter } from 'ldapts';

/** LDAP messages as a server sends them. */

export type Attributes = readonly (readonly [name: string, values: readonly (string | Buffer)[]])[];

export function message(
  id: number,
  tag: number,
  write: (writer: BerWriter) => void,
  cookie?: Buffer,
): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  write(writer);
  writer.endSequence();
  if (cookie !== undefined) {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(0);
    value.writeBuffer(cookie, 0x04);
    value.endSequence();
    writer.startSequence(0xa0);
    writer.startSequence();
    writer.writeString('1.2.840.113556.1.4.319');
    writer.writeBuffer(value.buffer, 0x04);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  return Buffer.from(writer.buffer);
}

export function searchEntry(id: number, dn: string, attributes: Attributes): Buffer {
  return message(id, 0x64, (writer) => {
    writer.writeString(dn);
    writer.startSequence();
    for (const [name, values] of attributes) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(0x31);
      for (const value of values) writer.writeBuffer(Buffer.from(value), 0x04);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });
}

/** @param cookie with the paged results control; undefined for an answer without it */
export function searchDone(id: number, code: number, cookie?: Buffer, diagnostic = ''): Buffer {
  return result(id, 0x65, code, diagnostic, cookie);
}

export function searchReference(id: number, url: string): Buffer {
  return message(id, 0x73, (writer) => writer.writeString(url));
}

export function bindResponse(id: number, code: number, diagnostic = ''): Buffer {
  return result(id, 0x61, code, diagnostic);
}

export function extendedResponse(id: number, code: number, diagnostic = ''): Buffer {
  return result(id, 0x78, code, diagnostic);
}

export function noticeOfDisconnection(code: number, diagnostic: string): Buffer {
  return message(0, 0x78, (writer) => {
    writer.writeEnumeration(code);
    writer.writeString('');
    writer.writeString(diagnostic);
    writer.writeString('1.3.6.1.4.1.1466.20036', 0x8a);
  });
}

function result(id: number, tag: number, code: number, diagnostic: string, cookie?: Buffer): Buffer {
  return message(
    id,
    tag,
    (writer) => {
      writer.writeEnumeration(code);
      writer.writeString('');
      writer.writeString(diagnostic);
    },
    cookie,
  );
}
