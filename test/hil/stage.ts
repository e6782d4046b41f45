/** The bench of a scenario: what it can do, and how it comes to its end. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Device, DeviceOptions } from "./device.ts"
import type { FaultLog } from "./fault-log.ts"
import { Impostors, type Impostor } from "./impostor.ts"
import { RESET } from "./judge.ts"
import type { Link } from "./link.ts"
import { DEFAULT_SETTINGS, type Bench, type Scenario } from "./scenario.ts"
import type { ServerRecord, ServerSide } from "./server-side.ts"

/** Milliseconds that the server may take to see the end of what the board has ended. */
const SETTLE = 5_000

/** The program did not come to its end by the scenario's deadline. */
export class TimedOut extends Error {}

/** What a scenario runs on. */
interface Parts {
    device: Device
    link: Link
    server: ServerSide
    record: ServerRecord
    faults: FaultLog
    /** What TLS it has. */
    options: Pick<DeviceOptions, "tls" | "psk">
}

export class Stage implements Bench {
    readonly device: Device
    readonly link: Link
    readonly server: ServerSide
    readonly record: ServerRecord
    private readonly board: Device
    private readonly faults: FaultLog
    private readonly options: Parts["options"]
    /** When the program started. */
    began = performance.now()
    private impostors?: Impostors
    private readonly over = new AbortController()

    constructor(
        parts: Parts,
        private readonly pace: number
    ) {
        const { device: board, link, server, record, faults, options } = parts
        this.board = board
        this.link = link
        this.server = server
        this.record = record
        this.faults = faults
        this.options = options
        this.device = {
            deploy: (program, settings) => board.deploy(program, settings),
            expect: (wanted, timeout) => board.expect(wanted, timeout),
            log: board.log,
            close: () => board.close(),
            reset: () => {
                faults.moment(RESET)
                return board.reset()
            },
        }
    }

    /** Runs it up to the program's last line. @throws when a step fails, or when it does not end in time */
    async play(scenario: Scenario, host: string, stop: AbortSignal) {
        const { settings, program = "echo", deadline } = scenario
        const { signal } = this.over
        const stopped = new Promise<never>((_, reject) => {
            const end = () => reject(new Error("stopped"))
            if (stop.aborted) end()
            stop.addEventListener("abort", end, { signal })
        })
        const within = (work: Promise<void> | void) =>
            Promise.race([work, stopped, this.late(deadline)])
        await within(scenario.prepare?.(this))
        await this.board.deploy(program, {
            ...DEFAULT_SETTINGS,
            ...settings,
            URL: `${this.originAt(host)}:${this.link.port}/ws`,
        })
        this.began = performance.now()
        await within(this.steps(scenario))
    }

    private originAt(host: string): string {
        const { tls, psk } = this.options
        // what the certificate says
        if (tls) return "wss://localhost"
        return `${psk ? "wss" : "ws"}://${host}`
    }

    private async late(deadline: number): Promise<never> {
        await this.sleep(1000 * deadline)
        throw new TimedOut(
            `not at its end within ${deadline * this.pace} s; the last line is "${this.board.log.at(-1)?.text}"`
        )
    }

    private async steps({ steps, deadline }: Scenario) {
        await steps?.(this)
        await this.device.expect(/^closed /, 1000 * deadline)
        if (await this.record.quiet(SETTLE)) return
        throw new Error(
            `expected the server to see the end of each connection; of ${this.record.count("connection")} it saw ${this.record.count("close")}`
        )
    }

    readonly impostor = async (...parts: Impostor[]) => {
        this.impostors ??= await Impostors.start(
            this.record,
            this.faults,
            this.options
        )
        const { impostors } = this
        this.link.target = () => impostors.port
        // it plays while the steps go on; what it meets is in the record
        void impostors
            .play(parts, () => (this.link.target = () => this.server.port))
            .catch((error: Error) =>
                this.record.add({ event: "failure", reason: error.message })
            )
    }

    readonly models = () => {
        const { models } = this.board
        if (models) return models
        throw new Error("expected a device with models, and that it runs")
    }

    readonly fault = (name: string) => {
        this.faults.begin(name)
        return () => this.faults.end(name)
    }

    readonly sleep = async (milliseconds: number) => {
        const { signal } = this.over
        if (this.board.sleep) await this.board.sleep(milliseconds)
        else await sleep(milliseconds * this.pace, undefined, { signal })
    }

    /** Ends what the scenario began; whatever waits learns of it. */
    async close() {
        this.over.abort()
        await this.impostors?.stop()
    }
}
