// Echoes on one connection after the other. The board has one socket: what to do next, and what came of it, goes over
// the wire `control` in between.
import * as ds from "@devicescript/core"
import { echo, Echoed } from "../../examples/echo"
import { CloseEvent, dialNative, WebSocket, WebSocketOptions } from "../../src"

interface Order {
    url: string
    options: WebSocketOptions
}

/** What becomes of a URL that is none. */
const NEVER_OPEN: CloseEvent = {
    code: 1006,
    reason: "",
    wasClean: false,
    error: undefined,
    lasted: 0,
    retry: undefined,
}

let report = ""
for (;;) {
    const { url, options } = await exchange(report)
    const start = ds.millis()
    const echoed = { messages: 0, bytes: 0 }
    const end = await connection(url, options, echoed)
    const { code, reason, wasClean, error } = end
    report = JSON.stringify({
        messages: echoed.messages,
        bytes: echoed.bytes,
        code,
        reason: hex(reason),
        wasClean,
        ms: ds.millis() - start,
        error: error ? hex(`${error.name}: ${error.message}`) : null,
    })
}

/** Tells what came of the connection before, if there was one, and waits for the next order. */
async function exchange(report: string): Promise<Order> {
    const control = await dialNative({ host: "sim:control", port: 1 })
    if (report) await control.send(Buffer.from(report + "\n"))
    const order = await control.recv()
    await control.close()
    return JSON.parse(order.toString())
}

async function connection(
    url: string,
    options: WebSocketOptions,
    echoed: Echoed
): Promise<CloseEvent> {
    options.slices = true
    let ws: WebSocket
    try {
        ws = new WebSocket(dialNative, url, options)
    } catch (error: any) {
        return { ...NEVER_OPEN, error }
    }
    const fiber = ds.Fiber.self()
    ws.onclose.subscribe(end => fiber.resume(end))
    echo.start(ws, echoed)
    return await ds.suspend<CloseEvent>()
}

/** The VM's JSON.stringify escapes the bytes of UTF-8 one by one. */
function hex(text: string): string {
    return Buffer.from(text).toString("hex")
}
