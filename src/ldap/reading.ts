import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';

const FIRST_SIZE = 64 * 1024;

interface Reading {
  room: () => Uint8Array;
}

const readings = new WeakMap<Socket, Reading>();

/** Connects as `net.connect` does. Chunks may be kept until `readInto` is called. */
export function connectReading(options: TcpNetConnectOpts): Socket {
  const first = Buffer.allocUnsafeSlow(FIRST_SIZE);
  const reading: Reading = { room: () => first };
  const onread = {
    buffer: () => reading.room(),
    callback: (length: number, buffer: Uint8Array): boolean => {
      const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
      socket.emit('data', buffer === first ? Buffer.from(chunk) : chunk);
      return true;
    },
  };
  const socket = connect({ ...options, onread });
  readings.set(socket, reading);
  return socket;
}

/**
 * From now on what comes on a connection of `connectReading` is put where `room` says, at its beginning, and the chunks that `data`
 * gives are there. It is asked after each chunk. Does nothing on another connection, such as one with TLS.
 */
export function readInto(socket: Socket, room: () => Uint8Array): void {
  const reading = readings.get(socket);
  if (reading !== undefined) reading.room = room;
}
