/**
 * The one place that knows the inside of the tool chain's bundle.
 *
 * `@devicescript/cli` ships its compiler and its VM (an Emscripten module) in one CommonJS bundle that exports neither.
 * The bundle is compiled here with one more statement that hands both out, which works for exactly one version.
 */
import { Console } from "node:console"
import { readFileSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { Writable } from "node:stream"
import { runCached } from "./code-cache.ts"

/** The only version whose bundle this file understands. */
const VERSION = "2.16.4"
const BUNDLE = "built/devicescript-cli.cjs"

/** What this directory uses of the Emscripten module; pointers are byte offsets into `HEAPU8`. */
export interface Vm {
    HEAPU8: Uint8Array
    _malloc(size: number): number
    _free(pointer: number): void

    /** 16 hex digits; initializes the VM, so the handlers below come first. */
    devsSetDeviceId(id: string): void
    devsGcStress(on: boolean): void
    /** @returns 0, or the code of what is wrong with the bytecode */
    devsDeploy(bytecode: Uint8Array): number
    /** The same check without the deployment. */
    devsVerify(bytecode: Uint8Array): number
    /** Runs everything that is due. @returns microseconds until it wants to be called again */
    _jd_em_process(): number
    /** A Jacdac frame from the bus. @returns 0, or below 0 when it was dropped */
    _jd_em_frame_received(frame: number): number
    /** Something happened on the program's socket: 1 open, 2 close, 3 error (text), 4 data. */
    _jd_em_tcpsock_on_event(event: number, data: number, size: number): void

    /** A line of the log. */
    dmesg(line: string): void
    /** A Jacdac frame to the bus. */
    sendPacket(frame: Uint8Array): void
    /** The program ended; 0 is a restart it asked for itself. */
    panicHandler(code: number): void
    /** Of the flash memory, in bytes; to be set before the VM is initialized. Default 128 KB. */
    flashSize?: number
    flashLoad(): Uint8Array
    flashSave(content: Uint8Array): void
    /** @param port negative for TLS */
    sockOpen(host: number, port: number): number
    sockWrite(data: number, size: number): number
    sockClose(): number
    sockIsAvailable(): boolean
}

/** Positions of bytecode in the sources, as the compiler writes them into `bytecode-dbg.json`. */
export interface DebugInfo {
    functions: { name: string; startpc: number; size: number }[]
    /** Relative to the project's folder. */
    sources: { path: string }[]
}

/** Finds positions: numbers that count the characters of all sources, one behind the other. */
export interface SourceMap {
    resolvePc(pc: number): number[]
    posToString(position: number): string
    /** The position where a source begins, by its index. */
    filePos(source: number): number
    /** What was compiled of the source at a position. */
    srcMapForPos(position: number): { pos: number }[]
    resolvePos(position: number): { line: number }
}

export interface Diagnostic {
    filename: string
    line: number
    column: number
    formatted: string
}

/** What the compiler needs from its surroundings. */
export interface CompilerHost {
    read(file: string): string
    write(file: string, content: Uint8Array | string): void
    resolvePath(file: string): string
    relativePath(file: string): string
    log(text: string): void
    error(diagnostic: Diagnostic): void
    isBasicOutput(): boolean
    getConfig(): unknown
    verifyBytecode(bytecode: Uint8Array): void
}

/** A board's file (boards/*.board.json), as far as it is used here. */
export interface BoardDefinition {
    id: string
    devName: string
    archId: string
    pins?: Record<string, unknown>
    i2c?: unknown
    led?: { type?: number }
    $fwUrl?: string
}

/** A kind of chip; addresses and sizes as the toolchain writes them. */
export interface Architecture {
    /** From where the firmware is fetched. */
    bareUrl?: string
    dcfgOffset: string
    fstorOffset: string
    fstorPages: number
    flashPageSize: number
}

export interface BuildConfig {
    boards: Record<string, BoardDefinition>
    archs: Record<string, Architecture>
}

export interface Compiler {
    resolveBuildConfig(local?: object): BuildConfig
    /** What the pins of a board are for, and what is wrong with that. */
    pinsInfo(arch: object, board: BoardDefinition): { errors: string[] }
    /** The files of `node_modules/@devicescript/*`, by path. */
    preludeFiles(config: object): Record<string, string>
    compileWithHost(
        entry: string,
        host: CompilerHost
    ): {
        success: boolean
        binary?: Uint8Array
        dbg?: DebugInfo
        usedFiles: string[]
        /** JSON in UTF-8 by name, from `.env.defaults` and `.env.local`; no value: delete it. */
        settings?: Record<string, Uint8Array | undefined>
    }
    /** A board's file (boards/*.board.json) as the firmware reads it. */
    jsonToDcfg(board: object, interpretStrings: boolean): object
    serializeDcfg(settings: object): Uint8Array
    SrcMapResolver: {
        from(debug: DebugInfo): SourceMap
    }
}

export interface Toolchain {
    /** @param module.quit called instead of ending the process when the VM exits; has to throw `exit` */
    createVm(module?: {
        quit?(status: number, exit: Error): never
    }): Promise<Vm>
    compiler: Compiler
}

/**
 * When the VM that is running has to come back, by `performance.now()`; it is not supposed to take more than milliseconds.
 *
 * `while (true) await sleep(0)` never comes back: the fiber is due again at once, and the VM runs all fibers that are due
 * before it looks at its socket. On a device such a program is deaf; here it would hang the process. But before each fiber
 * the VM asks for the time.
 */
export const watchdog = { deadline: Infinity }

/** How many times faster than the real time that of all programs in this process goes; to be set before the first one starts. */
export const clock = { pace: 1 }

const START = Date.now()

class VmDate extends Date {
    static override now() {
        if (performance.now() > watchdog.deadline) {
            watchdog.deadline = Infinity
            throw new Error(
                "expected the program to pause, it did not for seconds: is there an endless loop around sleep(0)?"
            )
        }
        return START + (Date.now() - START) * clock.pace
    }
}

let loaded: Toolchain | undefined

/**
 * The tool chain's VM and compiler. The first call takes about half a second, every `createVm` a few milliseconds.
 * @throws when another version of `@devicescript/cli` is installed than this file was written for
 */
export function toolchain(): Toolchain {
    loaded ??= load()
    return loaded
}

function load(): Toolchain {
    const here = createRequire(import.meta.url)
    const manifest = here.resolve("@devicescript/cli/package.json")
    const { version } = here(manifest) as { version: string }
    if (version !== VERSION)
        throw new Error(
            `expected @devicescript/cli ${VERSION}, found ${version} in ${dirname(manifest)}`
        )

    const file = join(dirname(manifest), BUNDLE)
    const code = `${readFileSync(file, "utf8")}
return { createVm: require_devicescript_vm(), compiler: require_devicescript_compiler_node() }`
    const module = { exports: {} }
    const scope = {
        exports: module.exports,
        require: createRequire(file),
        module,
        __filename: file,
        __dirname: dirname(file),
        console: silentConsole(),
        Date: VmDate,
    }
    const cache = join(
        dirname(manifest),
        `../../.cache/devicescript-toolchain/${version}-${statSync(file).mtimeMs}-${process.version}.bin`
    )
    return runCached(code, scope, file, cache) as Toolchain
}

/** The VM prints panics to the console too, besides telling its host. */
function silentConsole(): Console {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    return new Console(nowhere)
}
