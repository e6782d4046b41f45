/** The simulated board, over the board's own sockets, a model of the W5500, or a model of a modem. */
import { Board } from "../../../sim/board.ts"
import type { LinkOptions } from "../../../sim/link.ts"
import type { Flash } from "../../../sim/machine.ts"
import { compilePatched } from "../../../sim/program.ts"
import type { Config, Network } from "../../../tools/project/config.ts"
import { configure } from "../../../tools/project/configure.ts"
import { withPsk } from "../../../tools/simulator/psk-program.ts"
import { simulate, type Simulation } from "../../../tools/simulator/networks.ts"
import { PSK } from "../../wire/psk.ts"
import { certificate } from "../../wire/tcp-server.ts"
import { DeviceLog } from "../device-log.ts"
import type {
    BackEnd,
    Device,
    DeviceOptions,
    ProgramName,
    Settings,
} from "../device.ts"
import { SIMULATED } from "../programs.ts"
import type { Patch } from "../variants.ts"

export const sim: BackEnd = {
    description: "the project's simulator; needs nothing",
    networks: ["wifi", "ethernet", "cellular"],
    host: () => "127.0.0.1",
    modelled: true,
    parallel: Infinity,
    pace: 1,
    open: async options => new SimulatedDevice(options),
}

class SimulatedDevice implements Device {
    private readonly transcript = new DeviceLog()
    private readonly config: Config
    private readonly patch: DeviceOptions["patch"]
    private readonly wifi: DeviceOptions["wifi"]
    private readonly link: LinkOptions
    private entry?: string
    private settings: Settings = {}
    private running?: { board: Board; chips: Simulation }
    private flash: Flash = {}
    private closed = false

    constructor({ network, patch, wifi, like, tls, psk }: DeviceOptions) {
        this.config = { ...configure(), network: network as Network }
        this.patch = psk ? withKey(patch) : patch
        this.wifi = wifi
        this.link = {
            like,
            // an ESP32 looks for data every 10 ms
            delivery: like === "esp32" ? "idle" : undefined,
            tls: tls ? { ca: certificate } : undefined,
        }
    }

    get log() {
        return this.transcript.lines
    }

    get models() {
        const { running } = this
        return running && { ...running.chips, wifi: running.board.wifi }
    }

    async deploy(program: ProgramName, settings: Settings) {
        await this.stop()
        this.flash = {}
        this.entry = SIMULATED[program][this.config.network as Network]
        this.settings = {
            ...{ LOG: "info", MODEM: this.config.modem, PSK },
            ...settings,
        }
        await this.start()
    }

    async reset() {
        await this.stop()
        await this.start()
    }

    private async start() {
        if (!this.entry)
            throw new Error("expected a program on the board, none is deployed")
        const chips = simulate(this.config)
        const program = this.patch
            ? compilePatched(this.entry, this.patch)
            : this.entry
        const board = await Board.start(program, {
            settings: this.settings,
            flash: this.flash,
            wires: chips.wires,
            wifi: this.wifi,
            link: this.link,
            log: ({ text }) => this.transcript.add(text),
        })
        board.on("panic", ({ name }) =>
            this.transcript.end(`the program ended: ${name}`)
        )
        this.running = { board, chips }
        if (this.closed) await this.stop()
    }

    private async stop() {
        const { running } = this
        this.running = undefined
        await running?.board.stop()
        running?.chips.close()
    }

    expect(wanted: string | RegExp, timeout?: number) {
        return this.transcript.expect(wanted, timeout)
    }

    figures(): Record<string, number> {
        if (!this.running) return {}
        const { board } = this.running
        return {
            "live heap, B": board.heap().live,
            "CPU of the VM, ms": Math.round(board.cpu()),
        }
    }

    async close() {
        this.closed = true
        await this.stop()
        this.transcript.end("the device was closed")
    }
}

/** A planted fault, if there is one, and TLS by a pre-shared key. */
function withKey(patch: Patch = (_, text) => text): Patch {
    return (file, text) => withPsk(file, patch(file, text))
}
