/**
 * `npm run bench:rp2040`: what the library costs on an RP2040 with a W5500, in cycles of its processor. They are counted by
 * an emulator that runs the real firmware, and do not depend on the computer: the network answers within no time at all.
 */
import { readFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { once } from "node:events"
import { GPIOPinState } from "rp2040js"
import { WebSocketServer } from "ws"
import { W5500 } from "../sim/chips/w5500/w5500.ts"
import { HomeLan } from "../sim/chips/w5500/home.ts"
import type { Endpoint, TcpEvents, TcpLeg } from "../sim/chips/w5500/lan.ts"
import { Heap } from "../sim/heap.ts"
import { compile } from "../sim/program.ts"
import { Chip } from "../sim/rp2040/chip.ts"
import { flashImage } from "../sim/rp2040/image.ts"
import { wireSpi } from "../sim/rp2040/wiring.ts"
import { encodeSettings } from "../sim/settings.ts"
import { boards } from "../tools/project/boards.ts"
import { newCommand, runCommand } from "../lib/command.ts"
import { readBootrom, readFirmware } from "../tools/toolchain/firmware.ts"
import { programPath } from "./run.ts"

const BOARD = "w5500_evb_pico"
const DEFINITION = JSON.parse(
    readFileSync(`boards/${BOARD}.board.json`, "utf8")
)
const SIZES = [32, 125, 1000]
const ROUNDS = 20
/** Bytes of a long message. */
const TOTAL = 32 * 1024
/** Milliseconds after which nothing more is on its way to the chip. */
const SETTLED = 20

/** Lets no time pass on the chip while something that it has sent, or the answer to it, is on the way. */
class StandstillLan extends HomeLan {
    private timer: NodeJS.Timeout | undefined

    constructor(private readonly chip: () => Chip) {
        super()
    }

    override connect(
        from: Endpoint,
        to: Endpoint,
        events: TcpEvents
    ): TcpLeg | undefined {
        this.hold()
        const leg = super.connect(from, to, {
            ...events,
            data: data => {
                this.hold()
                events.data(data)
            },
        })
        if (!leg) return undefined
        const write = leg.write.bind(leg)
        leg.write = (data, acknowledged) => {
            this.hold()
            write(data, acknowledged)
        }
        return leg
    }

    private hold() {
        this.chip().stop()
        clearTimeout(this.timer)
        this.timer = setTimeout(() => this.chip().start(), SETTLED)
    }

    end() {
        clearTimeout(this.timer)
    }
}

/** One measurement. */
interface Sample {
    cycles: number
    millis: number
    /** Bytes of the VM's heap that the program could reach soon after. */
    live: number
}

interface Files {
    firmware?: string
    bootrom?: string
}

async function main(files: Files) {
    const servers = await startServers()
    const settings = {
        ...servers.ports,
        SIZES,
        ROUNDS,
        TOTAL,
        ADDRESS: "192.168.77.50/24 192.168.77.1",
    }
    const samples: Sample[] = await measure(files, settings).finally(() =>
        servers.close()
    )
    const works = [
        ...SIZES.map(size => `exchange of ${size} B`),
        `${TOTAL / 1024} KB received`,
    ]
    // the program does everything over WebSocket, then everything over bare TCP
    const half = works.length * ROUNDS
    works.forEach((work, n) => {
        const part = (from: number) =>
            samples.slice(from + n * ROUNDS, from + (n + 1) * ROUNDS)
        report(work, part(0), part(half))
    })
}

function report(work: string, websocket: Sample[], tcp: Sample[]) {
    const per = work.endsWith("received") ? TOTAL / 1024 : 1
    const cell = (samples: Sample[]) => {
        const { cycles, millis } = middle(samples)
        const live = Math.max(...samples.map(sample => sample.live))
        return `${Math.round(cycles / per / 1000)} k cycles, ${(millis / per).toFixed(1)} ms, at most ${live} B live`
    }
    const ratio = middle(websocket).cycles / middle(tcp).cycles
    console.log(
        `${(per > 1 ? "1 KB received" : work).padEnd(20)} WebSocket ${cell(websocket)}; bare TCP ${cell(tcp)}; ratio ${ratio.toFixed(2)}`
    )
}

/** The median, by cycles. */
function middle(samples: Sample[]): Sample {
    return [...samples].sort((a, b) => a.cycles - b.cycles)[samples.length >> 1]
}

/** Runs the program on the emulated board. */
async function measure(files: Files, settings: object): Promise<Sample[]> {
    const program = compile(programPath("rp2040"))
    const flash = await flashImage({
        firmware: readFirmware(boards().get(BOARD)!, files.firmware),
        board: DEFINITION,
        bytecode: program.bytecode,
        settings: encodeSettings({ ...settings }),
    })
    const lan = new StandstillLan(() => chip)
    const w5500 = new W5500()
    w5500.plug(lan)
    const samples: Sample[] = []
    const take = (cycles: number, millis: number) => {
        const sample = { cycles, millis, live: 0 }
        samples.push(sample)
        // the chip is in the middle of an instruction
        setImmediate(() => {
            sample.live = new Heap(chip.memory()).report().live
        })
    }
    let begun = { cycles: 0, millis: 0 }
    let line = ""
    let done = () => {}
    const finished = new Promise<void>(resolve => (done = resolve))
    const { pins } = DEFINITION
    const chip: Chip = new Chip({
        bootrom: readBootrom(files.bootrom),
        flash,
        wire: rp2040 => {
            wireSpi(
                rp2040,
                { sck: pins.SCK, cs: pins.CS, reset: pins.RST },
                w5500
            )
            rp2040.gpio[pins.GP2].addListener((state, before) => {
                const { cycles, millis } = chip
                if (state === GPIOPinState.High) begun = { cycles, millis }
                else if (before === GPIOPinState.High)
                    take(cycles - begun.cycles, millis - begun.millis)
            })
        },
        uart0: byte => {
            line = byte === 10 ? "" : line + String.fromCharCode(byte)
            if (line.endsWith("> done")) done()
            if (/(Exception|panic|PANIC).*\r?$/.test(line)) console.error(line)
        },
    })
    chip.start()
    await finished
    chip.stop()
    lan.end()
    w5500.close()
    return samples
}

/** Servers that send back what comes, and servers that answer whatever comes with `TOTAL` bytes. */
async function startServers() {
    const wsEcho = new WebSocketServer({ host: "127.0.0.1", port: 0 })
    wsEcho.on("connection", ws =>
        ws.on("message", (data, binary) => ws.send(data, { binary }))
    )
    const wsBurst = new WebSocketServer({ host: "127.0.0.1", port: 0 })
    wsBurst.on("connection", ws =>
        ws.on("message", () => ws.send(Buffer.alloc(TOTAL)))
    )
    const tcpEcho = createServer(socket => socket.pipe(socket))
    const tcpBurst = createServer(socket =>
        socket.on("data", () => socket.write(Buffer.alloc(TOTAL)))
    )
    for (const server of [tcpEcho, tcpBurst]) server.listen(0, "127.0.0.1")
    const all = [wsEcho, wsBurst, tcpEcho, tcpBurst]
    const ports = all.map(async server => {
        if (!server.address()) await once(server, "listening")
        return (server.address() as AddressInfo).port
    })
    const [ECHO, BURST, TCPECHO, TCPBURST] = await Promise.all(ports)
    return {
        ports: { ECHO, BURST, TCPECHO, TCPBURST },
        close: () => all.forEach(server => server.close()),
    }
}

await newCommand("bench:rp2040")
    .description(
        "counts what the library costs on an emulated RP2040 with a W5500"
    )
    .option("--firmware <file>", "DeviceScript's firmware, a UF2 file")
    .option("--bootrom <file>", "the RP2040's boot ROM")
    .action((files: Files) => runCommand(() => main(files)))
    .parseAsync()
