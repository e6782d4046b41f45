import { readSetting } from "@devicescript/settings"
import { connect, Socket } from "@devicescript/net"
import * as ds from "@devicescript/core"
import { start } from "../../../src/app/networks/wifi"

/** Seconds for the board to join its network. */
const JOIN = 60

/** A look at the firmware's own socket: server at HOST, PORT; nobody listens at NOBODY. See probe.ts. */
const host = await readSetting("HOST", "")
const port = await readSetting("PORT", 0)
const nobody = await readSetting("NOBODY", 0)
await start()
console.log("probe socket begins")
await receive(await join())
await refused()
console.log("probe socket done")
await ds.sleep(1_000_000_000)

/** Connects as soon as there is a network. */
async function join(): Promise<Socket> {
    for (let i = 0; i < JOIN; ++i) {
        const before = ds.millis()
        try {
            const socket = await connect({ host, port })
            console.log(`seen connect ${ds.millis() - before}`)
            return socket
        } catch (e: any) {
            console.log(`seen offline ${e.message}`)
            await ds.sleep(1000)
        }
    }
    throw new Error("expected a network, there is none")
}

async function receive(socket: Socket) {
    let total = 0
    let largest = 0
    for (;;) {
        const piece = await socket.recv(10_000)
        if (!piece) {
            console.log(`seen end ${piece === null ? "told" : "missing"}`)
            break
        }
        total += piece.length
        largest = Math.max(largest, piece.length)
    }
    console.log(`seen total ${total}`)
    console.log(`seen largest ${largest}`)
    await socket.close()
}

async function refused() {
    const before = ds.millis()
    let outcome = "connected"
    try {
        await connect({ host, port: nobody, timeout: 30_000 })
    } catch {
        outcome = "failed"
    }
    console.log(`seen nobody ${outcome}`)
    console.log(`seen after ${ds.millis() - before}`)
}
