/**
 * `npm run stress:rp2040`: whether a program on an RP2040 with a W5500 runs for ever. An emulator runs the real firmware; the
 * program does all the time what makes that firmware fall asleep (docs/platform.md).
 */
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { WebSocketServer } from "ws"
import { newCommand, runCommand } from "../lib/command.ts"
import { integer } from "../lib/options.ts"
import { seededRandom } from "../lib/random.ts"
import { HomeLan } from "../sim/chips/w5500/home.ts"
import { W5500 } from "../sim/chips/w5500/w5500.ts"
import { compile } from "../sim/program.ts"
import { Chip } from "../sim/rp2040/chip.ts"
import { wireSpi } from "../sim/rp2040/wiring.ts"
import { readBootrom } from "../tools/toolchain/firmware.ts"
import { flashOf, PINS, withFiles, type Files } from "./rp2040-board.ts"
import { programPath } from "./run.ts"

/** Milliseconds of the chip's time without a message after which it is taken for frozen. */
const FROZEN = 10_000
/** Milliseconds within which the server answers, at random. */
const DELAY = 8
/** A line of progress comes every so many seconds of the chip's time. */
const PROGRESS = 60

interface Options extends Files {
    minutes: number
    seed: number
}

async function main({ minutes, seed, ...files }: Options) {
    const random = seededRandom(seed)
    /** Of the chip's clock, when the last message came. */
    let last = 0
    let messages = 0
    let longest = 0
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 })
    server.on("connection", socket =>
        socket.on("message", (data, binary) => {
            if (messages++) longest = Math.max(longest, chip.millis - last)
            last = chip.millis
            setTimeout(() => socket.send(data, { binary }), random() * DELAY)
        })
    )
    await once(server, "listening")
    const { bytecode } = compile(programPath("stress"))
    const { port } = server.address() as AddressInfo
    const flash = await flashOf(files, bytecode, { PORT: port })
    const w5500 = new W5500()
    w5500.plug(new HomeLan())
    let line = ""
    let failure = ""
    const chip: Chip = new Chip({
        bootrom: readBootrom(files.bootrom),
        flash,
        wire: rp2040 =>
            wireSpi(
                rp2040,
                { sck: PINS.SCK, cs: PINS.CS, reset: PINS.RST },
                w5500
            ),
        uart0: byte => {
            if (byte !== 10) line += String.fromCharCode(byte)
            else {
                if (/Exception|PANIC/i.test(line)) failure ||= line.trim()
                line = ""
            }
        },
    })
    const report = () =>
        `seed ${seed}: ${(chip.millis / 60_000).toFixed(1)} min of the chip's time, ${messages} exchanges, longest pause ${longest.toFixed(0)} ms`
    chip.start()
    let next = PROGRESS
    while (!failure && chip.millis < minutes * 60_000) {
        await new Promise(resolve => setTimeout(resolve, 200))
        if (chip.millis - last > FROZEN)
            failure = `no message for ${FROZEN / 1000} s`
        if (chip.millis > next * 1000) {
            next += PROGRESS
            console.log(report())
        }
    }
    chip.stop()
    w5500.close()
    for (const client of server.clients) client.terminate()
    server.close()
    console.log(`${report()}: ${failure || "never asleep"}`)
    if (failure) process.exitCode = 1
}

await withFiles(newCommand("stress:rp2040"))
    .description("looks whether an emulated RP2040 with a W5500 falls asleep")
    .option("--minutes <n>", "of the chip's time", integer(1), 30)
    .option("--seed <n>", "seed of the random choices", integer(0), 1)
    .action((options: Options) => runCommand(() => main(options)))
    .parseAsync()
