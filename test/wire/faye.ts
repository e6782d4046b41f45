/** faye's `websocket-driver` and `permessage-deflate`, which come without types: what the tests use of them. */
import type { EventEmitter } from "node:events"
import type { IncomingMessage } from "node:http"
import { createRequire } from "node:module"

export interface Driver extends EventEmitter {
    version: string
    io: NodeJS.ReadWriteStream
    addExtension(extension: object): void
    start(): void
    text(data: string): void
    binary(data: Uint8Array): void
    ping(data: string, pong: () => void): void
    close(): void
}

const require = createRequire(import.meta.url)

export const { client, http } = require("websocket-driver") as {
    client(url: string): Driver
    http(request: IncomingMessage, options?: object): Driver
}

export const deflate = require("permessage-deflate") as {
    configure(options: object): object
}
