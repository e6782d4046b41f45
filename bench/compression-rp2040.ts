/**
 * `npm run bench:compression`: what a message costs an RP2040 to deflate and to inflate. The cycles of its processor are counted
 * by an emulator that runs the real firmware.
 */
import { join } from "node:path"
import { newCommand, runCommand } from "../lib/command.ts"
import { compileSource } from "../sim/program.ts"
import { PROJECT } from "../tools/project/folder.ts"
import { byZlib, telemetry, text } from "./compression.ts"
import { measure, withFiles, type Files } from "./rp2040-board.ts"

const WINDOWS = [9, 10, 11, 12]
const HERTZ = 125e6

/** Deflates messages, then inflates others, each by itself. GP2 is high meanwhile, and once for nothing. */
function program(plain: Buffer[], deflated: Buffer[], bits: number): string {
    const list = (messages: Buffer[]) =>
        messages.map(data => `hex\`${data.toString("hex")}\``).join(",\n")
    return `
import { pins } from "@dsboard/w5500_evb_pico"
import { GPIOMode } from "@devicescript/core"
import "@devicescript/gpio"
import { start } from "./src/app/networks/ethernet"
import { sleep } from "./src/fiber/clock"
import { deflate, Deflater, finish, maxDeflated } from "./src/protocol/deflate"
import { feed, inflate, Inflater } from "./src/protocol/inflate"

await start()
const begin = () => pins.GP2.setMode(GPIOMode.OutputHigh)
const end = () => pins.GP2.setMode(GPIOMode.OutputLow)
end()
await sleep(20)
begin()
end()
const deflater = new Deflater(${bits})
for (const message of [${list(plain)}]) {
    await sleep(20)
    begin()
    const out = Buffer.alloc(maxDeflated(message.length))
    finish(deflater, out, deflate(deflater, message, 0, message.length, out, 0))
    end()
}
const inflater = new Inflater(${bits})
for (const message of [${list(deflated)}]) {
    await sleep(20)
    begin()
    feed(inflater, message, hex\`0000ffff\`)
    while (!inflater.isHungry) inflate(inflater)
    end()
}
console.log("done")
`
}

async function main(files: Files) {
    for (const [name, messages] of [
        ["JSON", telemetry(10)],
        ["text", text()],
    ] as const)
        for (const bits of WINDOWS) {
            const deflated = await byZlib(messages, bits, 6)
            const source = program(messages, deflated, bits)
            const { bytecode } = compileSource(
                source,
                join(PROJECT, "compression.ts")
            )
            const samples = await measure(files, bytecode, {})
            const [nothing, ...work] = samples.map(({ cycles }) => cycles)
            // the first messages have nothing to refer to
            const size = messages.length
            const millis = (from: number) =>
                work
                    .slice(from + 2, from + size)
                    .reduce((all, cycles) => all + cycles - nothing, 0) /
                (size - 2) /
                (HERTZ / 1000)
            console.log(
                `${name} of ${messages[size - 1].length} B, window of ${1 << bits} B: deflated in ${millis(0).toFixed(1)} ms, inflated in ${millis(size).toFixed(1)} ms`
            )
        }
}

await withFiles(newCommand("bench:compression"))
    .description(
        "counts what compression costs on an emulated RP2040, message by message"
    )
    .action((files: Files) => runCommand(() => main(files)))
    .parseAsync()
