/** Two boards that find each other in a room of the relay: the lamp and the button of `examples/`. */
import { test } from "node:test"
import { startServer } from "../../server/server.ts"
import { Board } from "../../sim/board.ts"

test("a button on one board switches the lamp on another, and hears what it is, also after the server was started again", async t => {
    const first = await startServer({ mode: "relay", port: 0 })
    t.after(() => first.close())
    const { port, url } = first
    const settings = { URL: url + "lamp" }
    const lamp = await Board.start("examples/lamp.ts", { settings })
    t.after(() => lamp.stop())
    const button = await Board.start("examples/button.ts", { settings })
    t.after(() => button.stop())
    const switches = async (...states: string[]) => {
        for (const state of states) {
            await lamp.expect(`lamp is ${state}`, 30_000)
            await button.expect(`pressed: lamp ${state}`, 30_000)
        }
    }
    await switches("on", "off", "on")
    await first.close()
    const second = await startServer({ mode: "relay", port })
    t.after(() => second.close())
    await switches("off", "on")
})
