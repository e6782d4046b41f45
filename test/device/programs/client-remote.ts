// A client that does what its server says: a text that begins with "!" is an order, every other message goes back as it came.
// What happens to it is logged.
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import {
    Address,
    backoff,
    basic,
    connectOver,
    dialNative,
    Down,
    End,
    followRedirects,
    HandshakeValue,
    headers,
    heartbeat,
    listen,
    Message,
    origin,
    permessageDeflate,
    reconnecting,
    Rfc6455Connection,
    startMessage,
    Stream,
    subprotocols,
} from "../../../src"
import { millis, sleep } from "../../../src/fiber/clock"

const url = await readSetting("URL", "")
const options = await readSetting<any>("OPTIONS", {})
/** What is sent whenever a connection has ended and another will follow. */
const whileDown = await readSetting<string[]>("WHILE_DOWN", [])
/** The firmware that the board is to be taken for. */
const arch = await readSetting("ARCH", "")
if (arch) {
    const firmware: any = ds
    firmware._dcfgString = () => arch
}

/** Milliseconds between the ticks of a fiber that has nothing to do with the connection. */
const interval = await readSetting("TICK", 0)
if (interval) tick.start()

async function tick() {
    for (;;) {
        await sleep(interval)
        console.log("tick")
    }
}

/** One for all connections: it remembers a server that ignores the size of its window. */
const compression = options.deflate && permessageDeflate(options.deflate)

/** When the next attempt to connect may come. */
let earliest = 0

async function dial(address: Address): Promise<Stream> {
    if (millis() < earliest) console.log("too early")
    return await dialNative(address)
}

function handshake(): HandshakeValue[] {
    const values: HandshakeValue[] = []
    if (url.indexOf("@") >= 0) values.push(basic())
    if (options.protocols) values.push(subprotocols(...options.protocols))
    if (options.headers) values.push(headers(options.headers))
    if (options.origin) values.push(origin(options.origin))
    if (compression) values.push(compression)
    return values
}

const connectDirectly = async (url: string, options: any) =>
    await connectOver(dial, url, options)
const connectAt = followRedirects(connectDirectly, {
    max: options.redirects || 0,
})

/** The connection of now. */
let current: Rfc6455Connection

async function open(): Promise<Rfc6455Connection> {
    current = await connectAt(url, { ...options, handshake: handshake() })
    if (options.heartbeat) heartbeat(current, options.heartbeat)
    return current
}

async function received(message: Message) {
    const text = message.data[0] === 33 && message.text()
    try {
        if (text) await obey(text.slice(1).split(" "))
        else await ws.send(message)
    } catch (e: any) {
        console.log(`can't: ${e.message}`)
    }
}

function tell({ code, reason, wasClean, error }: End) {
    if (error) console.log(`${error.name}: ${error.message}`)
    console.log(`end ${code} "${reason}" ${wasClean ? "clean" : "torn"}`)
}

async function closed(down: Down) {
    tell(down)
    if (down.retry === undefined) return console.log("closed")
    console.log(`again in ${down.retry}`)
    for (const text of whileDown) await ws.send(text)
}

const ws = options.reconnect ? again() : await once()

/** With reconnection. */
function again() {
    const retry = backoff(options.reconnect)
    const ws = reconnecting(
        open,
        down => {
            const pause = retry(down)
            earliest = millis() + pause
            return pause
        },
        {
            messages: options.reconnect.messages,
            bytes: options.reconnect.bytes,
            drop: options.reconnect.drop,
            onopen: () => console.log(`open "${current.protocol}"`),
            onclose: closed,
            ondrop: ({ data, reason }) =>
                console.log(`dropped ${data}: ${reason}`),
        }
    )
    read.start()
    return ws
}

async function read() {
    try {
        for (;;) {
            const message = await ws.recv()
            if (!message) return
            await received(message)
        }
    } catch (e: any) {
        // It is logged.
        if (!ws.end) throw e
    }
}

/** A single connection. */
async function once(): Promise<Rfc6455Connection> {
    try {
        const connection = await open()
        console.log(`open "${connection.protocol}"`)
        listen(connection, {
            message: received,
            end: end => {
                tell(end)
                console.log("closed")
            },
        })
        return connection
    } catch (error: any) {
        tell({ code: 1006, reason: "", wasClean: false, error })
        console.log("closed")
        return undefined
    }
}

async function obey(order: string[]) {
    if (order[0] === "close")
        await ws.close(order[1] && parseInt(order[1]), order[2])
    else if (order[0] === "ping") await ping()
    else if (order[0] === "sleep") await sleep(parseInt(order[1]))
    else if (order[0] === "send") await sendMany(parseInt(order[1]))
    else if (order[0] === "queue") await queueMany(parseInt(order[1]))
    else if (order[0] === "slices") await sendSlices()
    else throw new Error(`unknown order ${order.join(" ")}`)
}

async function ping() {
    const start = millis()
    current.onpong = payload =>
        console.log(`pong ${payload.toString()} ${millis() - start} ms`)
    await current.ping(Buffer.from("tick"))
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
    while (sending < count) await sleep(1)
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
    const writer = await startMessage(current, true)
    send.start("behind")
    for (const slice of ["one", "", "two"]) await writer.write(slice)
    await writer.end("three")
}
