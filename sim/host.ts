/** The simulated board: the tool chain's own VM in this process, with its network, its log and its clock. */
import { EventEmitter } from "node:events"
import { randomBytes } from "node:crypto"
import type { Carrier, SocketEvent } from "./carrier.ts"
import { Connection, type LinkOptions } from "./link.ts"
import { LogReader, type LogEvent } from "./log.ts"
import { compile, type Program } from "./program.ts"
import { sendSettings } from "./settings.ts"
import { toolchain, type Vm } from "./vm.ts"
import { Wire, type WireModel } from "./wire.ts"

export interface BoardOptions {
    /** 16 hex digits. Default: random. */
    deviceId?: string
    /** Values for the program's `readSetting()`, on top of the project's `.env.defaults` and `.env.local`. */
    settings?: Record<string, unknown>
    /** Collect garbage at every allocation, as `devs run --test` does: slow, but finds missing references. */
    gcStress?: boolean
    /** How the program's socket reaches the network. */
    link?: LinkOptions
    /** Models that the program reaches by opening its socket to `sim:<name>`. */
    wires?: Record<string, WireModel>
}

/** Why a program ended. */
export interface Panic {
    /** The firmware's code; 0: it restarted itself with `ds.restart()`. */
    code: number
    name: string
}

interface BoardEvents {
    log: [LogEvent]
    panic: [Panic]
    start: []
}

const EVENT_CODES = { open: 1, close: 2, error: 3, data: 4 } as const
/** devs_bytecode.h, DEVS_PANIC_* */
const PANICS: Record<number, string> = {
    0: "Restart",
    60001: "OutOfMemory",
    60002: "StackOverflow",
    60003: "InfiniteLoop",
    60005: "UnhandledException",
}
/** How long the VM may run without a pause before other things in this process get their turn, in milliseconds. */
const TURN = 5

/**
 * A board that runs one program.
 *
 * Emits `log` for each line, `start` when the program begins (again), `panic` when it ends. After a panic the firmware
 * starts the program again by itself some 5 s later, after a restart of its own will 1 s later.
 */
export class Board extends EventEmitter<BoardEvents> {
    /** Every log line so far. */
    readonly log: LogEvent[] = []
    /** How the first run of the program ends. */
    readonly exited: Promise<Panic>

    private carrier: Carrier | undefined
    private timer: NodeJS.Timeout | undefined
    private immediate: NodeJS.Immediate | undefined
    private running = false
    private stopped = false
    private seen = 0

    /**
     * Compiles a program and starts it on a new board.
     * @param program the path of its entry file, or a compiled program
     * @throws CompileError
     */
    static async start(program: string | Program, options: BoardOptions = {}) {
        const compiled =
            typeof program === "string" ? compile(program) : program
        const vm = await toolchain().createVm()
        return new Board(vm, compiled, options)
    }

    private constructor(
        private readonly vm: Vm,
        program: Program,
        private readonly options: BoardOptions
    ) {
        super()
        this.exited = new Promise(resolve => this.once("panic", resolve))
        this.connectLog(program)
        this.connectSocket()
        vm.panicHandler = code =>
            this.emit("panic", { code, name: PANICS[code] ?? `Panic${code}` })
        vm.devsSetDeviceId(options.deviceId ?? randomBytes(8).toString("hex"))
        sendSettings(vm, { ...program.settings }, options.settings ?? {})
        vm.devsGcStress(options.gcStress ?? false)
        const code = vm.devsDeploy(program.bytecode)
        if (code !== 0)
            throw new Error(
                `expected the VM to accept ${program.entry}, its code is ${code}`
            )
        this.schedule(0)
    }

    private connectLog(program: Program) {
        const reader = new LogReader(program.debug)
        this.vm.dmesg = line => {
            const event = reader.read(line)
            this.log.push(event)
            this.emit("log", event)
            if (event.level === "warn" && event.text.startsWith("start: "))
                this.emit("start")
        }
    }

    private connectSocket() {
        const vm = this.vm
        vm.sockIsAvailable = () => true
        vm.sockOpen = (host, port) => this.open(text(vm, host), port)
        vm.sockWrite = (data, size) =>
            this.carrier?.write(vm.HEAPU8.slice(data, data + size)) ?? -10
        vm.sockClose = () => {
            if (!this.carrier) return -10
            this.carrier.close()
            this.carrier = undefined
            return 0
        }
    }

    private open(host: string, port: number): number {
        this.carrier?.close()
        const wake = () => this.wake()
        const name = /^sim:(.*)$/.exec(host)?.[1]
        if (name === undefined) {
            const link = this.options.link ?? {}
            this.carrier = new Connection(
                host,
                Math.abs(port),
                port < 0,
                link,
                wake
            )
            return 0
        }
        const model = this.options.wires?.[name]
        this.carrier = model && new Wire(model, wake)
        return model ? 0 : -1
    }

    /** Something happened outside: lets the VM see it at once, or, when it is running just now, as soon as it is idle. */
    private wake() {
        if (!this.running && !this.stopped) this.run()
    }

    private run() {
        this.running = true
        let wait: number
        try {
            wait = this.turn()
        } finally {
            this.running = false
        }
        if (!this.stopped) this.schedule(wait)
    }

    /** @returns microseconds until the VM wants to run again; 0: it has more to do, but the turn is over */
    private turn(): number {
        const end = performance.now() + TURN
        for (;;) {
            this.deliver(false)
            const wait = this.vm._jd_em_process()
            if (this.stopped || (wait > 0 && !this.deliver(true))) return wait
            if (performance.now() > end) return 0
        }
    }

    /** @returns whether the program got something */
    private deliver(idle: boolean): boolean {
        const event = this.carrier?.next(idle)
        if (!event) return false
        inject(this.vm, event)
        if (event.type === "error" || event.type === "close")
            this.carrier = undefined
        return true
    }

    private schedule(microseconds: number) {
        clearTimeout(this.timer)
        clearImmediate(this.immediate)
        if (microseconds === 0) this.immediate = setImmediate(() => this.run())
        else this.timer = setTimeout(() => this.run(), microseconds / 1000)
    }

    /**
     * Waits for a log line, starting after the line that the former call found.
     * @param wanted part of the line's text, or a pattern
     * @param timeout milliseconds
     * @throws when no such line came in time, with the lines that came instead
     */
    expect(
        wanted: string | RegExp,
        timeout = 10_000
    ): Promise<RegExpExecArray> {
        const pattern =
            typeof wanted === "string"
                ? new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
                : wanted
        return new Promise((resolve, reject) => {
            const first = this.seen
            const look = () => {
                while (this.seen < this.log.length) {
                    const found = pattern.exec(this.log[this.seen++].text)
                    if (!found) continue
                    done()
                    resolve(found)
                    return
                }
            }
            const done = () => {
                clearTimeout(timer)
                this.off("log", look)
            }
            const timer = setTimeout(() => {
                done()
                const lines = this.log.slice(first).map(line => line.text)
                reject(
                    new Error(
                        `expected ${wanted} within ${timeout} ms, the log was\n${lines.join("\n")}`
                    )
                )
            }, timeout)
            this.on("log", look)
            look()
        })
    }

    /** Ends the program and its connection; nothing of the board stays behind. */
    async stop(): Promise<void> {
        this.stopped = true
        clearTimeout(this.timer)
        clearImmediate(this.immediate)
        this.carrier?.close()
        this.carrier = undefined
    }
}

function text(vm: Vm, pointer: number): string {
    const end = vm.HEAPU8.indexOf(0, pointer)
    return Buffer.from(vm.HEAPU8.subarray(pointer, end)).toString("utf8")
}

function inject(vm: Vm, event: SocketEvent) {
    const bytes =
        event.type === "data"
            ? event.bytes
            : event.type === "error"
              ? Buffer.from(event.text)
              : undefined
    const pointer = bytes ? vm._malloc(bytes.length) : 0
    if (bytes) vm.HEAPU8.set(bytes, pointer)
    vm._jd_em_tcpsock_on_event(
        EVENT_CODES[event.type],
        pointer,
        bytes?.length ?? 0
    )
    if (pointer) vm._free(pointer)
}
