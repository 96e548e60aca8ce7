import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { BerReader } from 'ldapts';
import { type Attributes, bindResponse, extendedResponse, searchDone, searchEntry } from './messages.ts';

const PAGED_RESULTS = '1.2.840.113556.1.4.319';

/** One search that came in. */
export interface SearchAsked {
  readonly id: number;
  readonly base: string;
  readonly scope: number;
  /** Which search of the connection's base it is, counted from 1; the root DSE doesn't count. */
  readonly number: number;
  readonly sizeLimit: number;
  readonly timeLimit: number;
  readonly attributes: readonly string[];
  /** The paged results control's. */
  readonly page: { readonly size: number; readonly cookie: Buffer } | undefined;
}

export interface Script {
  /** Answers a search; the connection is the script's own. */
  readonly search?: (asked: SearchAsked, socket: Socket) => void;
  /** Answers a bind. Default: success. */
  readonly bind?: (id: number, socket: Socket) => void;
  /** Answers an extended request, such as StartTLS. Default: protocolError. */
  readonly extended?: (id: number, socket: Socket) => void;
  /** What happens when somebody connects. Default: nothing. */
  readonly connected?: (socket: Socket) => void;
  readonly supportedControls?: readonly string[];
  /** Of the root DSE, beside its controls. Default: that it is OpenLDAP's. */
  readonly root?: Attributes;
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  /** Everything that came in, in order. */
  readonly searches: SearchAsked[];
  binds: number;
  connections: number;
  /** Plays the script on a connection of another kind: one that TLS has been put on. */
  serve(socket: Socket): void;
}

/** A server that says what the script says, for the things that no real server does when asked. */
export async function startScripted(script: Script): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    scripted.connections++;
    script.connected?.(socket);
    scripted.serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const scripted: ScriptedServer = {
    url: `ldap://127.0.0.1:${address.port}`,
    searches: [],
    binds: 0,
    connections: 0,
    serve: (socket) => play(script, scripted, socket),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return scripted;
}

function play(script: Script, scripted: ScriptedServer, socket: Socket): void {
  let received = Buffer.alloc(0);
  let number = 0;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (let reader = nextMessage(received); reader !== undefined; reader = nextMessage(received)) {
      received = received.subarray(reader.offset + reader.length);
      const id = reader.readInt() ?? 0;
      const operation = reader.readSequence();
      if (operation === 0x60) {
        scripted.binds++;
        if (script.bind === undefined) socket.write(bindResponse(id, 0));
        else script.bind(id, socket);
      } else if (operation === 0x77) {
        if (script.extended === undefined) socket.write(extendedResponse(id, 2));
        else script.extended(id, socket);
      } else if (operation === 0x63) {
        const asked = readSearch(reader, id, number + 1);
        if (asked.base === '') {
          socket.write(rootDse(id, script));
        } else {
          number++;
          scripted.searches.push(asked);
          script.search?.(asked, socket);
        }
      }
    }
  });
}

function nextMessage(received: Buffer): BerReader | undefined {
  const reader = new BerReader(received);
  const tag = reader.readSequence();
  return tag !== 0x30 || reader.remain < reader.length ? undefined : reader;
}

function readSearch(reader: BerReader, id: number, number: number): SearchAsked {
  const base = reader.readString() ?? '';
  const scope = reader.readEnumeration() ?? 0;
  reader.readEnumeration();
  const sizeLimit = reader.readInt() ?? 0;
  const timeLimit = reader.readInt() ?? 0;
  reader.readBoolean();
  reader.readSequence();
  reader.offset += reader.length;
  reader.readSequence();
  const end = reader.offset + reader.length;
  const attributes: string[] = [];
  while (reader.offset < end) attributes.push(reader.readString() ?? '');
  return { id, base, scope, number, sizeLimit, timeLimit, attributes, page: readPage(reader) };
}

function readPage(reader: BerReader): SearchAsked['page'] {
  if (reader.peek() !== 0xa0) return undefined;
  reader.readSequence();
  reader.readSequence();
  if (reader.readString() !== PAGED_RESULTS) return undefined;
  if (reader.peek() === 0x01) reader.readBoolean();
  const value = new BerReader(reader.readString(0x04, true) ?? Buffer.alloc(0));
  value.readSequence();
  return { size: value.readInt() ?? 0, cookie: value.readString(0x04, true) ?? Buffer.alloc(0) };
}

function rootDse(id: number, { supportedControls = [PAGED_RESULTS], root }: Script): Buffer {
  const attributes: Attributes = [
    ...(root ?? [['objectClass', ['top', 'OpenLDAProotDSE']]]),
    ['supportedControl', supportedControls],
  ];
  return Buffer.concat([searchEntry(id, '', attributes), searchDone(id, 0)]);
}
