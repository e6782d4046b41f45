/** The status light, by what the program tells the board's control service. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { Board } from "../../sim/board.ts"
import type { Bus } from "../../sim/jacdac-bus.ts"
import { decode, flag, index } from "../../sim/jacdac.ts"
import { compileSource } from "../../sim/program.ts"

const SET_STATUS_LIGHT = 0x84

const PROGRAM = `import { GREEN, RED, sleep, StatusLight } from "./src"
const light = new StatusLight()
light.set(GREEN)
await sleep(300)
light.set(RED)
await sleep(300)
light.stop()
await sleep(300)
console.log("left to the firmware")`

test("it shows what it was set to, and is dark in the end", async t => {
    const colors: string[] = []
    const bus = {
        onframe: () => {},
        send: (frame: Uint8Array) => {
            for (const { flags, service, command, payload } of decode(frame))
                if (flags & flag.command && service === index.control)
                    if (command === SET_STATUS_LIGHT)
                        colors.push(Buffer.from(payload).toString("hex", 0, 3))
        },
        leave: () => {},
    } as unknown as Bus
    const root = join(import.meta.dirname, "../..")
    const program = compileSource(PROGRAM, join(root, "light.ts"))
    const board = await Board.start(program, { bus })
    t.after(() => board.stop())
    await board.expect("left to the firmware")
    const shown = colors.filter((color, n) => color !== colors[n - 1])
    assert.deepEqual(shown, ["001800", "200000", "000000"])
})
