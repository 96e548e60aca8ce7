import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';

const BUFFER_SIZE = 64 * 1024;

/** A TCP connection whose data come through one buffer, which is used again for each chunk. */
export interface Reading {
  readonly socket: Socket;
  /** From now on whoever hears `data` copies what it keeps: chunks are good during the call only, and nothing is allocated for them. */
  lend(): void;
}

/** Connects as `net.connect` does. Until `lend` is called, chunks may be kept. */
export function connectReading(options: TcpNetConnectOpts): Reading {
  let lends = false;
  const onread = {
    buffer: Buffer.allocUnsafeSlow(BUFFER_SIZE),
    callback: (length: number, buffer: Uint8Array): boolean => {
      const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
      socket.emit('data', lends ? chunk : Buffer.from(chunk));
      return true;
    },
  };
  const socket = connect({ ...options, onread });
  const lend = (): void => {
    lends = true;
  };
  return { socket, lend };
}
