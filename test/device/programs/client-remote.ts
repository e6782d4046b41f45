// A WebSocket that does what its server says: a text that begins with "!" is an order, every other message goes back as
// it came. What happens to it is logged.
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import {
    Address,
    backoff,
    CloseEvent,
    dialNative,
    Reconnect,
    Stream,
    WebSocket,
} from "../../../src"

/** Tells when an attempt to connect comes before its pause is over. */
class Watch implements Reconnect {
    earliest = 0

    constructor(private readonly policy: Reconnect) {}

    pause(end: CloseEvent): number {
        const pause = this.policy.pause(end)
        this.earliest = ds.millis() + pause
        return pause
    }

    admit(queue: any[], item: any): any[] {
        return this.policy.admit(queue, item)
    }
}

const options = await readSetting<any>("OPTIONS", {})
const watch = new Watch(backoff(options.reconnect))
if (options.reconnect) options.reconnect = watch
/** What is sent whenever a connection has ended and another will follow. */
const whileDown = await readSetting<string[]>("WHILE_DOWN", [])
/** The firmware that the board is to be taken for. */
const arch = await readSetting("ARCH", "")
if (arch) {
    const firmware: any = ds
    firmware._dcfgString = () => arch
}

/** Milliseconds between the ticks of a fiber that has nothing to do with the WebSocket. */
const interval = await readSetting("TICK", 0)
if (interval) tick.start()

const ws = new WebSocket(dial, await readSetting("URL", ""), options)
ws.onopen.subscribe(() => console.log(`open "${ws.protocol}"`))
ws.onmessage.subscribe(async message => {
    const text = message.data[0] === 33 && message.text()
    try {
        if (text) await obey(text.slice(1).split(" "))
        else await ws.send(message)
    } catch (e: any) {
        console.log(`can't: ${e.message}`)
    }
})
ws.onerror.subscribe(error => console.log(`${error.name}: ${error.message}`))
ws.onclose.subscribe(async ({ code, reason, wasClean, retry }) => {
    console.log(`end ${code} "${reason}" ${wasClean ? "clean" : "torn"}`)
    if (retry === undefined) return console.log("closed")
    console.log(`again in ${retry}`)
    for (const text of whileDown) await ws.send(text)
})
ws.ondrop.subscribe(({ data, reason }) =>
    console.log(`dropped ${data}: ${reason}`)
)

async function dial(address: Address): Promise<Stream> {
    if (ds.millis() < watch.earliest) console.log("too early")
    return await dialNative(address)
}

async function tick() {
    for (;;) {
        await ds.sleep(interval)
        console.log("tick")
    }
}

async function obey(order: string[]) {
    if (order[0] === "close")
        await ws.close(order[1] && parseInt(order[1]), order[2])
    else if (order[0] === "ping") console.log(`pong ${await ws.ping()} ms`)
    else if (order[0] === "sleep") await ds.sleep(parseInt(order[1]))
    else if (order[0] === "send") await sendMany(parseInt(order[1]))
    else if (order[0] === "queue") await queueMany(parseInt(order[1]))
    else if (order[0] === "slices") await sendSlices()
    else throw new Error(`unknown order ${order.join(" ")}`)
}

/** Sends texts of 1, 2, 4, … bytes. */
async function sendMany(count: number) {
    let text = "x"
    for (let i = 0; i < count; ++i) {
        await ws.send(text)
        text += text
    }
}

/** Has as many fibers send, and closes while they wait for the link. */
async function queueMany(count: number) {
    let text = "x"
    for (let i = 0; i < count; ++i) {
        send.start(text)
        text += text
    }
    while (sending < count) await ds.sleep(1)
    console.log("closing")
    await ws.close(1000)
}

/** How many fibers have begun to send. */
let sending = 0

async function send(text: string) {
    ++sending
    await ws.send(text)
}

/** Sends a text in fragments while another fiber wants to send, too. */
async function sendSlices() {
    const writer = await ws.startMessage(true)
    send.start("behind")
    for (const slice of ["one", "", "two"]) await writer.write(slice)
    await writer.end("three")
}
