// Closes a connection at one point of its life, from one fiber or from two, and tells what becomes of it.
import { readSetting } from "@devicescript/settings"
import {
    Address,
    backoff,
    connectOver,
    dialNative,
    reconnecting,
    sleep,
    Stream,
} from "../../../src"

/** Where to close. */
const at = await readSetting("AT", "")
/** From how many fibers at once; 0: from the event handler that is just being called. */
const fibers = await readSetting("FIBERS", 1)
const options = await readSetting<any>("OPTIONS", {})
const url = await readSetting("URL", "")

let hasClosed = false
let returned = 0
let sent = 0
let isOpen = false

/** A stream whose progress is a point in the life of the connection. */
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

/** The life of the connection has come to a point. */
async function point(name: string) {
    if (name !== at || hasClosed) return
    hasClosed = true
    console.log(`closing at ${name}`)
    for (let i = 0; i < fibers; ++i) close.start()
    if (!fibers) await close()
    // whoever closes gets a turn before the life goes on
    else await sleep(1)
}

async function close() {
    await ws.close()
    ++returned
    console.log("closed")
    if (returned < fibers) return
    try {
        await ws.send("too late")
    } catch (e: any) {
        console.log(`${e.name}: ${e.message}`)
    }
    await sleep(20)
    console.log("alive")
}

/** Sends until the network takes no more: that is a point, too. */
async function fill() {
    flood.start()
    for (let before = -1; before !== sent;) {
        before = sent
        await sleep(50)
    }
    await point("blocked")
}

async function flood() {
    const data = Buffer.alloc(1000)
    try {
        while (isOpen) {
            await ws.send(data)
            ++sent
        }
    } catch (e: any) {
        console.log(`flood: ${e.message}`)
    }
}

async function read() {
    try {
        while (await ws.recv()) await point("message")
    } catch (e: any) {
        if (!ws.end) throw e
    }
}

const never = () => undefined as number
const ws = reconnecting(
    async () => await connectOver(dial, url, options),
    options.reconnect ? backoff(options.reconnect) : never,
    {
        onopen: async () => {
            isOpen = true
            await point("open")
            if (at === "blocked") fill.start()
        },
        onclose: async ({ code, retry, error }) => {
            isOpen = false
            console.log(
                retry === undefined ? `end ${code}` : `again after ${code}`
            )
            if (error) await point("error")
            await point("end")
        },
    }
)
read.start()
