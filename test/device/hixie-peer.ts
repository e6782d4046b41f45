import {
    connectHixie75,
    connectHixie76,
    HixieOptions,
} from "../../src/hixie/connect"
import { HixieConnection } from "../../src/hixie/connection"
import { keyAnswer } from "../../src/hixie/keys"
import { End } from "../../src/websocket/connection"
import { breathe } from "./check"
import { headerOf } from "./frames"
import { Peer, Task } from "./peer"
import { Network } from "./pipe"

/** Milliseconds that no test takes: what ends a connection is not this timeout. */
const NEVER = 600000

/** Longest text that `readText` reads, in bytes. */
const MAX_TEXT = 2048

/** A text frame of draft-hixie-75 and -76. */
export function hixieText(text: string | Buffer): Buffer {
    const data = typeof text === "string" ? Buffer.from(text) : text
    return hex`00`.concat(data).concat(hex`ff`)
}

/** The closing frame of draft-hixie-76. */
export const HIXIE_CLOSE = hex`ff00`

/** Reads a request of draft-hixie-76. @returns the 8 bytes behind it */
export async function readRequest76(peer: Peer): Promise<Buffer> {
    await peer.readRequest()
    return await peer.pipe.take(8)
}

/** The headers that accept a request of draft-hixie-76. @param headers further lines, each with its line end */
export function acceptance76(request: string, headers = ""): string {
    const target = request.slice(4, request.indexOf(" ", 4))
    return (
        "HTTP/1.1 101 WebSocket Protocol Handshake\r\n" +
        "Upgrade: WebSocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Origin: ${headerOf(request, "Origin")}\r\n` +
        `Sec-WebSocket-Location: ws://${headerOf(request, "Host")}${target}\r\n` +
        `${headers}\r\n`
    )
}

/** The whole reply: the headers and the answer to the keys. */
export function reply76(request: string, key3: Buffer, headers = ""): Buffer {
    const key1 = headerOf(request, "Sec-WebSocket-Key1")
    const key2 = headerOf(request, "Sec-WebSocket-Key2")
    return Buffer.from(acceptance76(request, headers)).concat(
        keyAnswer(key1, key2, key3)
    )
}

/** The headers that accept a request of draft-hixie-75. @param headers further lines, each with its line end */
export function acceptance75(request: string, headers = ""): string {
    const target = request.slice(4, request.indexOf(" ", 4))
    return (
        "HTTP/1.1 101 Web Socket Protocol Handshake\r\n" +
        "Upgrade: WebSocket\r\nConnection: Upgrade\r\n" +
        `WebSocket-Origin: ${headerOf(request, "Origin")}\r\n` +
        `WebSocket-Location: ws://${headerOf(request, "Host")}${target}\r\n` +
        `${headers}\r\n`
    )
}

/** Has the peer accept a request of draft-hixie-76. */
export async function accept76(peer: Peer) {
    const key3 = await readRequest76(peer)
    peer.pipe.push(reply76(peer.request, key3))
}

/** An open WebSocket, and its peer. */
export class Opened {
    constructor(
        readonly ws: HixieConnection,
        readonly peer: Peer
    ) {}

    /** Reads until the end, throwing messages away. */
    async ended(): Promise<End> {
        try {
            while (await this.ws.recv());
        } catch {
            // `end` tells.
        }
        return this.ws.end
    }

    /** The peer ends the connection; waits until the WebSocket has noticed. */
    async finish(): Promise<End> {
        this.peer.pipe.end()
        return await this.ended()
    }
}

/** An open WebSocket of draft-hixie-76. */
export async function connected76(options: HixieOptions = {}): Promise<Opened> {
    await breathe()
    const network = new Network()
    if (!options.closeTimeout) options.closeTimeout = NEVER
    const task = new Task(
        async () => await connectHixie76(network.dial, "ws://peer/", options)
    )
    const server = new Peer(await network.next())
    await accept76(server)
    return new Opened(await task.result(), server)
}

/** An open WebSocket of draft-hixie-75. @param headers further lines of the reply, each with its line end */
export async function connected75(headers?: string): Promise<Opened> {
    await breathe()
    const network = new Network()
    const options = { closeTimeout: NEVER }
    const task = new Task(
        async () => await connectHixie75(network.dial, "ws://peer/", options)
    )
    const server = new Peer(await network.next())
    server.say(acceptance75(await server.readRequest(), headers))
    return new Opened(await task.result(), server)
}

/** The next frame of text that the WebSocket sends, waiting for it. @returns `null` when it closes or is gone */
export async function readText(peer: Peer): Promise<string> {
    const type = await peer.pipe.take(1)
    if (!type) return null
    const bytes = Buffer.alloc(MAX_TEXT)
    let length = 0
    for (;;) {
        const byte = await peer.pipe.take(1)
        if (!byte) return null
        if (type[0] === 0xff && byte[0] === 0) return null
        if (type[0] !== 0)
            throw new Error(`expected a frame of type 0, got ${type[0]}`)
        if (byte[0] === 0xff) return bytes.slice(0, length).toString()
        bytes[length++] = byte[0]
        if (length % 256 === 0) await breathe()
    }
}
