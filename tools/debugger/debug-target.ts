/** Echo server, dev server and a device with the program on it: what `npm run sim` and a debug session consist of. */
import { ownAddresses } from "../../lib/addresses.ts"
import { UserError } from "../../lib/errors.ts"
import { startServer, type Server } from "../../server/server.ts"
import {
    CompileError,
    compileForModels,
    type Program,
} from "../../sim/program.ts"
import { checkValue, type Config } from "../project/config.ts"
import { configure, entryOf } from "../project/configure.ts"
import { PROJECT } from "../project/folder.ts"
import {
    readSettings,
    withSettings,
    type Settings,
} from "../project/settings.ts"
import { simulate, type Simulation } from "../simulator/networks.ts"
import { DevServer, type BuildStatus } from "../toolchain/dev-server.ts"
import { complaintsOf, configurationError, programOf } from "./build-result.ts"
import {
    KINDS,
    openDevice,
    type Device,
    type DeviceListener,
    type Kind,
} from "./devices.ts"

const NOT_DEBUGGED =
    "a program of your own with a chip in the simulator runs, but cannot be debugged: start it without debugging, or debug it on a board"

export interface DebugTargetOptions {
    /** Instead of the one of devs.json. */
    program?: string
    /** Default `simulator`. */
    device?: Kind
    /** Instead of devs.json's; the tool chain's VM has `wifi` only. */
    network?: Config["network"]
    modem?: Config["modem"]
    /** A server that the simulated board talks to, instead of one of its own. */
    url?: string
    /** Settings that win over those in `.env.*`; for the simulated board. */
    settings?: Settings
    /** A debugger starts the program, and may stop it for as long as it likes: the echo server does not ask whether it is alive. */
    debugged?: boolean
}

/** What a target reports. */
export interface DebugTargetListener extends DeviceListener {
    /** Something that the user wants to know. */
    note(text: string): void
    /** The dev server is gone, and nothing works any more. */
    failed(why: string): void
}

/** A program on a device, which is known by its id on the dev server's bus. */
export class DebugTarget {
    /** The program as it is on the device. */
    program!: Program
    /** The files that it was built from: absolute, or relative to the project. */
    files: string[] = []

    private simulation?: Simulation
    private echo?: Server
    private device!: Device
    private deployment?: Promise<void>
    private closed?: Promise<void>

    /**
     * Starts everything but the program, which `deploy` does.
     * @throws UserError when a port is taken, or there is no device
     */
    static async start(
        options: DebugTargetOptions,
        listener: DebugTargetListener
    ) {
        const kind = options.device ?? "simulator"
        if (!KINDS.includes(kind))
            throw new UserError(
                `expected device ${KINDS.join(", ")}, got ${JSON.stringify(kind)}`
            )
        if (options.url && kind !== "simulator")
            throw new UserError(
                `expected no url for device ${kind}, whose program connects to the one of devs.json; got ${options.url}`
            )
        const server = await DevServer.start()
        const target = new DebugTarget(kind, options, server)
        try {
            // loads the tool chain into this process, while the dev server starts in its own
            const config = configured(options)
            target.echo = await startEchoServer(kind, options, config, listener)
            await server.ready()
            server.once("died", why => listener.failed(why))
            target.device = await openDevice(kind, server, listener)
            return target
        } catch (error) {
            await target.close()
            throw error
        }
    }

    private constructor(
        private readonly kind: Kind,
        private readonly options: DebugTargetOptions,
        private readonly server: DevServer
    ) {}

    get deviceId(): string {
        return this.device.id
    }

    /** Where the program connects; unknown when only the program knows. */
    get url(): string | undefined {
        return this.echo?.url ?? configured(this.options).url
    }

    /** Where a browser shows the own server's devices and their plot. */
    get page(): string | undefined {
        return this.echo?.plotPage
    }

    /**
     * Builds the program from the files as they are now, and starts it on the device.
     * @throws BuildError when there is something wrong with them
     */
    deploy(): Promise<void> {
        return (this.deployment = this.install())
    }

    private async install() {
        const config = configured(this.options)
        const next = this.simulate(config)
        let unneeded: Simulation | undefined = next
        try {
            this.program = await this.compile(next)
            unneeded = this.simulation
            this.simulation = next
            await this.device.install(
                this.program,
                async id => (await this.build(next.entry, id)).deployStatus,
                {
                    wires: next.wires,
                    settings: { ...next.settings, ...this.settings(config) },
                    held: this.options.debugged ?? false,
                }
            )
        } finally {
            unneeded?.close()
        }
    }

    /** @throws UserError for a program that the dev server did not build: its debugger knows no other one */
    expectDebuggable() {
        if (this.simulation?.modelled) throw new UserError(NOT_DEBUGGED)
    }

    private async compile({ entry, modelled }: Simulation): Promise<Program> {
        if (!modelled) {
            const status = await this.build(entry)
            this.files = status.usedFiles
            return programOf(entry, status)
        }
        // the dev server has no models
        if (this.options.debugged) throw new UserError(NOT_DEBUGGED)
        try {
            const { program, files } = compileForModels(entry)
            this.files = files
            return program
        } catch (error) {
            if (!(error instanceof CompileError)) throw error
            this.files = error.files
            throw complaintsOf(entry, error)
        }
    }

    private build(filename: string, deployTo?: string): Promise<BuildStatus> {
        const data = { filename, buildOptions: {}, deployTo }
        return this.server.ask("build", data)
    }

    private simulate(config: Config): Simulation {
        if (this.kind === "simulator") return simulate(config)
        if (this.kind === "stock" && config.network !== "wifi")
            throw new UserError(
                `the tool chain's own VM has the network "wifi" only, not ${JSON.stringify(config.network)}`
            )
        return { entry: entryOf(config), close: () => {} }
    }

    /** The settings files', with what the target knows better. */
    private settings({ modem, plot }: Config): Settings {
        return {
            ...readSettings(PROJECT),
            MODEM: modem,
            PLOT: this.echo ? true : plot,
            ...(this.url === undefined ? {} : { URL: this.url }),
            ...this.options.settings,
        }
    }

    /** Ends all of it; nothing stays behind. May be called again. */
    close(): Promise<void> {
        return (this.closed ??= this.end())
    }

    private async end() {
        // what is waited for in a deployment comes to nothing now
        await this.server.close()
        await this.deployment?.catch(() => {})
        await this.device?.close()
        this.simulation?.close()
        await this.echo?.close()
    }
}

function configured({
    program,
    network,
    modem,
    url,
}: DebugTargetOptions): Config {
    for (const [key, value] of Object.entries({ network, modem })) {
        const problem = value === undefined ? value : checkValue(key, value)
        if (problem) throw new UserError(problem)
    }
    try {
        const config = withSettings(configure(program), readSettings(PROJECT))
        const wanted = Object.entries({ network, modem, url })
        return {
            ...config,
            ...Object.fromEntries(wanted.filter(([, value]) => value)),
        }
    } catch (error) {
        throw error instanceof UserError ? configurationError(error) : error
    }
}

/** The simulated board is told any port; other devices go where the configuration says, if that is here. */
async function startEchoServer(
    kind: Kind,
    { url, debugged }: DebugTargetOptions,
    config: Config,
    listener: DebugTargetListener
): Promise<Server | undefined> {
    const own = { ping: debugged ? 0 : undefined, framed: true }
    if (url) return undefined
    if (kind === "simulator") return startServer({ port: 0, ...own })
    if (config.url === undefined) {
        listener.note("no URL in .env.local: no server started")
        return undefined
    }
    const { hostname, port, pathname } = new URL(config.url)
    if (!isHere(hostname)) {
        listener.note(`${config.url} is another computer's: no server started`)
        return undefined
    }
    const at = { host: hostname, port: Number(port || 80), path: pathname }
    return startServer({ ...at, ...own }).catch(error => {
        if (error.code !== "EADDRINUSE") throw new UserError(error.message)
        listener.note(
            `the server that already listens at ${config.url} is used`
        )
        return undefined
    })
}

function isHere(host: string): boolean {
    return ["localhost", ...ownAddresses()].includes(
        host.replace(/^\[|\]$/g, "")
    )
}
