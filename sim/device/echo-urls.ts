// Echoes on one connection after the other. The board has one socket: what to do next, and what came of it, goes over
// the wire `control` in between.
import { echo, Echoed } from "../../examples/echo"
import {
    connectOver,
    ConnectOptions,
    DeflateOptions,
    End,
    permessageDeflate,
    subprotocols,
} from "../../src"
import { secure } from "../../src/app/secure.generated"
import { dialNative } from "../../src/net/native"
import { millis } from "../../src/fiber/clock"

interface Order {
    url: string
    options: ConnectOptions & {
        protocols?: string[]
        deflate?: DeflateOptions
    }
}

const dial = await secure(dialNative)
let report = ""
for (;;) {
    const { url, options } = await exchange(report)
    const start = millis()
    const echoed = { messages: 0, bytes: 0 }
    const { code, reason, wasClean, error } = await connection(
        url,
        options,
        echoed
    )
    report = JSON.stringify({
        messages: echoed.messages,
        bytes: echoed.bytes,
        code,
        reason: hex(reason),
        wasClean,
        ms: millis() - start,
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
    options: Order["options"],
    echoed: Echoed
): Promise<End> {
    const { protocols, deflate } = options
    options.handshake = []
    if (protocols) options.handshake.push(subprotocols(...protocols))
    if (deflate) options.handshake.push(permessageDeflate(deflate))
    let end: End
    try {
        const connection = await connectOver(dial, url, options)
        try {
            await echo(connection, echoed)
        } catch {
            // A message that could not be sent: what came before the end is still there to be read.
            while (!connection.end) await connection.recv()
        }
        end = connection.end
    } catch (error: any) {
        end = { code: 1006, reason: "", wasClean: false, error }
    }
    return end
}

/** The VM's JSON.stringify escapes the bytes of UTF-8 one by one. */
function hex(text: string): string {
    return Buffer.from(text).toString("hex")
}
