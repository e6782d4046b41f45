/** `npm run sim`: the program in the simulator, deployed again at each save, open to any debugger. */
import { once } from "node:events"
import { createServer, type Socket } from "node:net"
import { relative } from "node:path"
import { Option } from "commander"
import { newCommand, runCommand, stopSignal } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import type { LogEvent } from "../../sim/log.ts"
import { DebugAdapter, type Debuggee } from "../debugger/adapter.ts"
import {
    DebugTarget,
    type DebugTargetListener,
    type DebugTargetOptions,
} from "../debugger/debug-target.ts"
import { KINDS, type Kind } from "../debugger/devices.ts"
import { Channel } from "../debugger/protocol.ts"
import { watchFiles } from "../debugger/watch.ts"
import type { Config } from "../project/config.ts"
import { PROGRAM } from "../project/configure.ts"
import { PROJECT } from "../project/folder.ts"
import { explained } from "../log/error-sentences.ts"
import { isForUsers } from "../log/exchange-log.ts"
import { MODEMS, NETWORKS, networkOf } from "../simulator/networks.ts"

interface Options {
    device: Kind
    network?: string
    modem?: Config["modem"]
    url?: string
}

/** Where debuggers connect, on 127.0.0.1: beside the dev server's own ports. */
const DEBUG_PORT = 8084

async function run(
    program: string | undefined,
    { network, ...options }: Options
) {
    const simulator = new Simulator(options.device)
    // Ctrl-C ends the dev server, too: what fails from then on is nobody's fault
    const stop = stopSignal().then(() => void (simulator.closing = true))
    try {
        await simulator.start({
            ...options,
            program,
            network: networkOf(network),
        })
        const broken = await Promise.race([stop, simulator.broken])
        if (broken) throw new UserError(broken)
    } catch (error) {
        if (!simulator.closing) throw error
    } finally {
        await simulator.close()
    }
}

/** Deploys at each save, and lets one debugger in at a time. */
class Simulator implements DebugTargetListener {
    /** Resolves when nothing works any more. */
    readonly broken: Promise<string>
    failed!: (why: string) => void
    private target?: DebugTarget
    private session?: DebugAdapter
    private work: Promise<void> = Promise.resolve()
    closing = false
    private unwatch = () => {}
    private readonly sockets = new Set<Socket>()
    private readonly door = createServer(socket => this.letIn(socket))

    constructor(private readonly kind: Kind) {
        this.broken = new Promise(resolve => (this.failed = resolve))
    }

    async start(options: DebugTargetOptions) {
        this.door.listen(DEBUG_PORT, "127.0.0.1")
        await once(this.door, "listening").catch(() => {
            throw new UserError(
                `port ${DEBUG_PORT}, for debuggers, is taken: does another npm run sim run?`
            )
        })
        this.target = await DebugTarget.start(options, this)
        const { url, page } = this.target
        const where = page ? `${url}, page ${page}` : url
        console.log(
            `server ${where}, debuggers 127.0.0.1:${DEBUG_PORT}, Ctrl-C ends`
        )
        await this.deploy()
    }

    /** A program that cannot be built leaves the one before running. */
    private async deploy() {
        const target = this.target!
        const start = Date.now()
        this.unwatch()
        try {
            await target.deploy()
            const seconds = ((Date.now() - start) / 1000).toFixed(1)
            console.log(`deployed in ${seconds} s`)
        } catch (error) {
            if (this.closing) return
            if (!(error instanceof UserError)) throw error
            console.error(error.message)
        }
        this.unwatch = watchFiles(target.files, start, path => this.saved(path))
    }

    private saved(path: string) {
        console.log(`${relative(PROJECT, path)} was saved`)
        this.session?.terminated(true)
        this.deployAgain()
    }

    private deployAgain() {
        this.work = this.work
            .then(() => this.deploy())
            .catch((error: Error) => this.failed(error.stack!))
    }

    private letIn(socket: Socket) {
        this.sockets.add(socket)
        socket.once("close", () => this.sockets.delete(socket))
        const adapter: DebugAdapter = new DebugAdapter(
            new Channel(socket, socket),
            {
                open: async () => this.open(adapter),
                close: async () => this.leave(adapter),
            }
        )
        socket.once("close", () => adapter.end())
    }

    private async open(adapter: DebugAdapter): Promise<Debuggee> {
        await this.work
        if (this.session) throw new UserError("another debugger is attached")
        this.target!.expectDebuggable()
        this.session = adapter
        return this.target!
    }

    private leave(adapter: DebugAdapter) {
        if (this.session !== adapter) return
        this.session = undefined
        // the dev server ends the tool chain's VM when its debugger leaves
        if (this.kind === "stock" && !this.closing) this.deployAgain()
    }

    log(line: LogEvent) {
        if (isForUsers(line)) console.log(explained(line.text))
        this.session?.log(line)
    }

    note(text: string) {
        console.log(text)
    }

    ended(why: string) {
        console.log(`the program ended: ${why}`)
        this.session?.ended(why)
    }

    async close() {
        this.closing = true
        this.unwatch()
        this.door.close()
        for (const socket of this.sockets) socket.destroy()
        await this.target?.close()
        await this.work
    }
}

await newCommand("sim")
    .description(
        "runs the program in the simulator, deploys it again at each save, and lets debuggers in"
    )
    .argument("[program]", PROGRAM)
    .addOption(
        new Option("--device <kind>", "what the program runs on")
            .choices(KINDS)
            .default("simulator")
    )
    .addOption(
        new Option("--network <name>", "instead of devs.json's").choices(
            NETWORKS
        )
    )
    .addOption(
        new Option("--modem <make>", "instead of devs.json's").choices(
            Object.keys(MODEMS)
        )
    )
    .option("--url <url>", "server to talk to, instead of one that it starts")
    .action((program, options) => runCommand(() => run(program, options)))
    .parseAsync()
