/** The simulated board: the tool chain's own VM in this process, with its network, its log and its clock. */
import { EventEmitter } from "node:events"
import type { Bus } from "./jacdac-bus.ts"
import type { HeapReport } from "./heap.ts"
import { Link, type LinkOptions } from "./link.ts"
import { LogReader, type LogEvent } from "./log.ts"
import { Machine, type Flash } from "./machine.ts"
import { compile, type Program } from "./program.ts"
import { encodeSettings } from "./settings.ts"
import { Transcript } from "./transcript.ts"
import { Wifi, type WifiOptions } from "./wifi.ts"
import { Wire, type WireModel } from "./wire.ts"

export interface BoardOptions {
    /** 16 hex digits. Default: the number of the board in this process. */
    deviceId?: string
    /** Values for the program's `readSetting()`, on top of the project's `.env.defaults` and `.env.local`. */
    settings?: Record<string, unknown>
    /** What the board keeps when it is off. The same object given to a later board carries its settings over. */
    flash?: Flash
    /** Collect garbage at every allocation, as `devs run --test` does: slow, but finds missing references. */
    gcStress?: boolean
    /** How the program's socket reaches the network. */
    link?: LinkOptions
    /** The board has a Wi-Fi service, and is in a network only after it has joined one. Default: it always is. */
    wifi?: WifiOptions
    /** Models that the program reaches by opening its socket to `sim:<name>`. */
    wires?: Record<string, WireModel>
    /** The bus of a dev server, for the board to join; left when the board stops. */
    bus?: Bus
    /** The program waits for a debugger on the bus to start it. */
    held?: boolean
    /** Gets each log line, like a listener of the `log` event, but from the first one on. */
    log?: (line: LogEvent) => void
}

/** Why a program ended. */
export interface Panic {
    /** The firmware's code; 0: `ds.restart()`. Below 0: no panic, but the end of the whole board. */
    code: number
    name: string
}

interface BoardEvents {
    /** A line of the log. */
    log: [LogEvent]
    /** The program begins, for the first time or again. */
    start: []
    /** The program ended. The firmware starts it again some 5 s later, after `ds.restart()` 1 s later. */
    panic: [Panic]
    /** The board starts anew, by `ds.reboot()` or because the VM crashed; the program follows 1.1 s later. */
    reset: [Panic]
    /** A model failed; without a listener the process does. */
    error: [unknown]
}

/** devicescript.h, DEVS_PANIC_* */
const PANICS: Record<number, string> = {
    0: "Restart",
    60001: "InfiniteLoop",
    60004: "OutOfMemory",
    60005: "UnhandledException",
    60006: "StackOverflow",
}
const RESET = { code: -1, name: "Reset" }
const CRASH = { code: -2, name: "Crash" }
const STOPPED = { code: -3, name: "Stopped" }

let boards = 0

/** A board that runs one program. */
export class Board extends EventEmitter<BoardEvents> {
    readonly link: Link
    /** The board's Wi-Fi, with the option `wifi`. */
    readonly wifi: Wifi | undefined
    /** How the first run of the program ends: by a panic, a reset, or `stop`. */
    readonly exited: Promise<Panic>

    private readonly transcript = new Transcript()
    private readonly reader: LogReader
    private readonly machine: Machine
    private readonly wires: Record<string, WireModel>
    private readonly bus: Bus | undefined
    private exit!: (how: Panic) => void

    /**
     * Compiles a program and starts it on a new board.
     * @param program the path of its entry file, or a compiled program
     * @throws CompileError
     */
    static async start(program: string | Program, options: BoardOptions = {}) {
        const compiled =
            typeof program === "string" ? compile(program) : program
        const board = new Board(compiled, options)
        board.wifi?.start()
        await board.machine.start(compiled.bytecode, {
            ...compiled.settings,
            ...encodeSettings(options.settings ?? {}),
        })
        return board
    }

    private constructor(
        private readonly program: Program,
        options: BoardOptions
    ) {
        super()
        this.link = new Link(options.link)
        this.wires = options.wires ?? {}
        this.bus = options.bus
        if (this.bus) this.bus.onframe = frame => this.machine.receive(frame)
        const { wifi } = options
        if (wifi) {
            this.wifi = new Wifi(
                { isMute: options.link?.like === "picow", ...wifi },
                frame => this.machine.receive(frame),
                () => (this.link.isOnline = this.wifi!.isConnected)
            )
            this.link.isOnline = false
        }
        this.reader = new LogReader(program.debug)
        this.exited = new Promise(resolve => (this.exit = resolve))
        if (options.log) this.on("log", options.log)
        const deviceId =
            options.deviceId ?? (++boards).toString(16).padStart(16, "0")
        this.machine = new Machine(
            {
                deviceId,
                gcStress: options.gcStress ?? false,
                flash: options.flash ?? {},
                held: options.held,
                isOnline: () => this.link.isOnline,
                open: (host, port) => this.open(host, port),
            },
            {
                line: text => this.line(text),
                frame: bytes => {
                    this.bus?.send(bytes)
                    this.wifi?.receive(bytes)
                },
                failed: error => this.emit("error", error),
                panic: code =>
                    this.ended("panic", {
                        code,
                        name: PANICS[code] ?? `Panic ${code}`,
                    }),
                reset: crash => {
                    if (crash) this.line(`! ${crash.message}`)
                    this.ended("reset", crash ? CRASH : RESET)
                },
            }
        )
    }

    private line(text: string) {
        const line = this.reader.read(text)
        this.transcript.add(line)
        this.emit("log", line)
        // the firmware prints the program's name, which is its entry file, and its version, which it does not have
        if (text === `* start: ${this.program.entry} (null)`) this.emit("start")
    }

    private ended(event: "panic" | "reset", how: Panic) {
        this.exit(how)
        this.emit(event, how)
    }

    private open(host: string, port: number) {
        const { wake, hasRoom } = this.machine
        const name = /^sim:(.*)$/.exec(host)?.[1]
        if (name === undefined)
            return this.link.open(host, port, { wake, hasRoom })
        return new Wire(host, this.wires[name], wake)
    }

    /** The latest 10,000 lines of the log. */
    get log(): readonly LogEvent[] {
        return this.transcript.lines
    }

    /**
     * Waits for a log line. Each line is looked at once: the search begins behind the line that the call before found.
     * @param wanted part of the line's text, or a pattern
     * @param timeout milliseconds
     * @throws when no such line came in time or the board was stopped; the message has the lines that came instead
     */
    expect(
        wanted: string | RegExp,
        timeout = 10_000
    ): Promise<RegExpExecArray> {
        return this.transcript.expect(wanted, timeout)
    }

    /**
     * The VM's heap as it is now.
     * @throws when no program is loaded: between a panic and the next start
     */
    heap(): HeapReport {
        return this.machine.heap.report()
    }

    /**
     * From now on looks at the heap whenever the VM has run, which takes some 0.2 ms each time.
     * Heap that is taken and given back while the VM runs shows in `peak().used` only if it was there at a socket call.
     */
    watchPeak() {
        this.machine.peak = { live: 0, used: 0 }
        this.machine.sampling = true
    }

    /** The largest heap use since `watchPeak()`, in bytes; `used` counts garbage too. */
    peak(): { live: number; used: number } {
        return { ...this.machine.peak }
    }

    /** Milliseconds that the VM has run so far, by the wall clock and without what it called in this process. */
    cpu(): number {
        return this.machine.busy
    }

    /** Ends the program and its connections; nothing of the board stays behind. May be called again. */
    async stop(): Promise<void> {
        this.machine.stop()
        this.wifi?.stop()
        this.bus?.leave()
        this.transcript.end("the board was stopped")
        this.exit(STOPPED)
        await this.link.stop()
    }
}
