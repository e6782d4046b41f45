// Closes a WebSocket at one point of its life, from one fiber or from two, and tells what becomes of it.
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import {
    Address,
    backoff,
    dialNative,
    OPEN,
    Stream,
    WebSocket,
} from "../../../src"

/** Where to close. */
const at = await readSetting("AT", "")
/** From how many fibers at once; 0: from the event handler that is just being called. */
const fibers = await readSetting("FIBERS", 1)
const options = await readSetting<any>("OPTIONS", {})
if (options.reconnect) options.reconnect = backoff(options.reconnect)

let hasClosed = false
let returned = 0
let sent = 0

/** A stream whose progress is a point in the life of the WebSocket. */
class Watched implements Stream {
    constructor(private readonly stream: Stream) {}

    async send(data: Buffer) {
        await this.stream.send(data)
        await point("requested")
    }

    async recv(timeout?: number): Promise<Buffer> {
        const chunk = await this.stream.recv(timeout)
        if (chunk) await point("replied")
        return chunk
    }

    async close() {
        await this.stream.close()
    }
}

async function dial(address: Address): Promise<Stream> {
    await point("dialing")
    const stream = await dialNative(address)
    await point("dialed")
    return new Watched(stream)
}

/** The life of the WebSocket has come to a point. */
async function point(name: string) {
    if (name !== at || hasClosed) return
    hasClosed = true
    console.log(`closing at ${name}`)
    for (let i = 0; i < fibers; ++i) close.start()
    if (!fibers) await close()
    // whoever closes gets a turn before the life goes on
    else await ds.sleep(1)
}

async function close() {
    await ws.close()
    ++returned
    console.log(`closed, state ${ws.readyState}`)
    if (returned < fibers) return
    try {
        await ws.send("too late")
    } catch (e: any) {
        console.log(`${e.name}: ${e.message}`)
    }
    await ds.sleep(20)
    console.log("alive")
}

/** Sends until the network takes no more: that is a point, too. */
async function fill() {
    flood.start()
    for (let before = -1; before !== sent;) {
        before = sent
        await ds.sleep(50)
    }
    await point("blocked")
}

async function flood() {
    const data = Buffer.alloc(1000)
    try {
        while (ws.readyState === OPEN) {
            await ws.send(data)
            ++sent
        }
    } catch (e: any) {
        console.log(`flood: ${e.message}`)
    }
}

const ws = new WebSocket(dial, await readSetting("URL", ""), options)
ws.onopen.subscribe(async () => {
    await point("open")
    if (at === "blocked") fill.start()
    if (at !== "pinging") return
    ws.ping.start()
    await ds.sleep(1)
    await point("pinging")
})
ws.onmessage.subscribe(async () => await point("message"))
ws.onerror.subscribe(async () => await point("error"))
ws.onclose.subscribe(async ({ code, retry }) => {
    console.log(retry === undefined ? `end ${code}` : `again after ${code}`)
    await point("end")
})
