/** The devices that a program can be put onto and debugged on: each knows how it gets onto the dev server's bus. */
import { setTimeout as delay } from "node:timers/promises"
import { UserError } from "../../lib/errors.ts"
import { Board } from "../../sim/board.ts"
import { Bus } from "../../sim/jacdac-bus.ts"
import { service } from "../../sim/jacdac.ts"
import { LogReader, type LogEvent } from "../../sim/log.ts"
import type { Program } from "../../sim/program.ts"
import type { Settings } from "../project/settings.ts"
import type { Simulation } from "../simulator/networks.ts"
import { PORTS, type DevServer } from "../toolchain/dev-server.ts"

export const KINDS = ["simulator", "stock", "board"] as const

/** The project's simulated board, the tool chain's own VM, a board on USB. */
export type Kind = (typeof KINDS)[number]

/** What a device reports. */
export interface DeviceListener {
    log(line: LogEvent): void
    /** The program, or the whole device, is gone. */
    ended(why: string): void
}

/** What a simulated board gets beside the program. */
export interface Surroundings extends Pick<Simulation, "wires"> {
    /** They win over those in `.env.*`. */
    settings: Settings
    /** The program waits for a debugger to start it. */
    held: boolean
}

const SIMULATED = "7ab5e8a1c0ffee01"
const STOCK = "7ab5e8a1c0ffee02"
/** How long a simulated device may take to be on the bus, in milliseconds. */
const START = 30_000
/** How long a board may take to be found on USB, in milliseconds. */
const FIND = 10_000
/** How often a device that has just come may fail to take a program, and the pause between, in milliseconds. */
const TRIES = 5
const RETRY = 300

/** Builds the program again and has the dev server deploy it. @returns the dev server's word for how that went */
type Deploy = (deviceId: string) => Promise<string>

/** A device on the bus. */
export interface Device {
    /** 16 hex digits. */
    readonly id: string
    /** Puts a program onto the device, which begins it anew. */
    install(
        program: Program,
        deploy: Deploy,
        surroundings: Surroundings
    ): Promise<void>
    close(): Promise<void>
}

/** @throws UserError when no device is found */
export async function openDevice(
    kind: Kind,
    server: DevServer,
    listener: DeviceListener
): Promise<Device> {
    if (kind === "simulator") return new SimulatedBoard(server, listener)
    if (kind === "stock") return new StockVm(server, listener)
    return UsbBoard.find(server, listener)
}

class SimulatedBoard implements Device {
    readonly id = SIMULATED
    private board?: Board

    constructor(
        private readonly server: DevServer,
        private readonly listener: DeviceListener
    ) {}

    async install(
        program: Program,
        _deploy: Deploy,
        { settings, wires, held }: Surroundings
    ) {
        await this.close()
        const { listener } = this
        const seen = this.server.device(service.deviceScriptDebugger, START)
        seen.catch(() => {})
        const board = await Board.start(program, {
            ...{ deviceId: SIMULATED, settings, wires, held },
            log: line => listener.log(line),
            bus: await Bus.join(PORTS.bus),
        })
        this.board = board
        const isOver = (how: { name: string }) => {
            if (this.board === board) listener.ended(how.name)
        }
        board.on("panic", isOver).on("reset", isOver)
        await seen
    }

    async close() {
        const { board } = this
        this.board = undefined
        await board?.stop()
    }
}

/** What the dev server deploys to. */
abstract class DeployedTo implements Device {
    abstract readonly id: string
    private reader?: LogReader

    constructor(
        protected readonly server: DevServer,
        protected readonly listener: DeviceListener
    ) {}

    async install(program: Program, deploy: Deploy) {
        this.reader = new LogReader(program.debug)
        let status = ""
        // it is known some time after it was announced, and then may be busy
        for (let n = 0; n < TRIES; n++) {
            status = await deploy(this.id)
            if (status === "OK") return
            await delay(RETRY)
        }
        throw new UserError(`the device did not take the program: ${status}`)
    }

    protected hear(lines: string[]) {
        for (const line of lines) if (line) this.listener.log(this.read(line))
    }

    private read(line: string): LogEvent {
        return this.reader?.read(line) ?? { level: "system", text: line.trim() }
    }

    abstract close(): Promise<void>
}

/** The tool chain's own VM, in a process that the dev server starts. */
class StockVm extends DeployedTo {
    readonly id = STOCK

    private isThere = false

    constructor(server: DevServer, listener: DeviceListener) {
        super(server, listener)
        server.on("output", (from, lines) => this.listen(from, lines))
    }

    /** The dev server ends the VM when a debugger leaves. */
    override async install(program: Program, deploy: Deploy) {
        if (!this.isThere) await this.start()
        await super.install(program, deploy)
    }

    private async start() {
        // what the program before left in the flash would start first
        const data = { deviceId: STOCK, clearFlash: true }
        const seen = this.server.device(service.deviceScriptDebugger, START)
        await Promise.all([seen, this.server.ask("startVM", data)])
        this.isThere = true
    }

    private listen(from: string, lines: string[]) {
        if (from !== "vm" && from !== "vm-err") return
        this.hear(lines)
        const end = lines.find(line => line.startsWith("Exit code:"))
        if (!end) return
        this.isThere = false
        this.listener.ended(`the VM is gone, ${end}`)
    }

    /** The dev server's end is its own. */
    async close() {}
}

/** Whatever board the dev server finds on a serial port. */
class UsbBoard extends DeployedTo {
    static async find(server: DevServer, listener: DeviceListener) {
        const found = server
            .device(service.deviceScriptManager, FIND)
            .catch(() => undefined)
        const failure = await server
            .ask("connect", { transport: "serial", background: true })
            .then(
                () => "",
                (error: Error) => ` (${error.message})`
            )
        const id = await found
        if (!id)
            throw new UserError(
                `expected a board with DeviceScript's firmware on USB, found none within ${FIND / 1000} s${failure}. ` +
                    "Is a data cable plugged in, was the board flashed (npm run flash), does another program have its port open?"
            )
        const board = new UsbBoard(server, listener, id)
        server.on("output", (from, lines) => {
            if (from === "dev")
                board.hear(
                    lines.map(line => line.replace(/^DM \(\d+\): ?/, ""))
                )
        })
        return board
    }

    private constructor(
        server: DevServer,
        listener: DeviceListener,
        readonly id: string
    ) {
        super(server, listener)
    }

    /** The program goes on. */
    async close() {}
}
