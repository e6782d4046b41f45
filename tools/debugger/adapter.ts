/**
 * A debug adapter over the dev server's own, which writes its protocol to the debug console, evaluates nothing, sets
 * breakpoints only while the program is stopped, without conditions, and fails at those in files that it does not know.
 */
import { join } from "node:path"
import type { DebugProtocol } from "@vscode/debugprotocol"
import { UserError } from "../../lib/errors.ts"
import type { LogEvent } from "../../sim/log.ts"
import type { Program } from "../../sim/program.ts"
import { PROJECT } from "../project/folder.ts"
import { Breakpoints } from "./breakpoints.ts"
import { BuildError } from "./build-result.ts"
import { CAPABILITIES } from "./capabilities.ts"
import { DebugServer } from "./debug-server.ts"
import type { DebugTargetListener, DebugTargetOptions } from "./debug-target.ts"
import { evaluate } from "./expression.ts"
import { FrameScope, GLOBALS } from "./frame-scope.ts"
import type { Channel, Event, Request } from "./protocol.ts"

/** Of `launch` and `attach`: what to run, and how to begin. */
export interface Start extends DebugTargetOptions {
    request: "launch" | "attach"
    /** The program runs without a debugger. */
    noDebug?: boolean
    stopOnEntry?: boolean
}

/** The program that a session is about. */
export interface Debuggee {
    deviceId: string
    program: Program
    /** What the server that it talks to shows to a browser. */
    page?: string
}

/** Who has the program. */
export interface Debuggees {
    /**
     * Brings it onto its device.
     * @throws UserError
     */
    open(start: Start, listener: DebugTargetListener): Promise<Debuggee>
    /** The session is over. */
    close(): Promise<void>
}

/** The console's streams for the levels of the log; the firmware's own lines are left out. */
const CATEGORIES: Record<string, string> = {
    log: "stdout",
    data: "stdout",
    debug: "console",
    warn: "stderr",
    error: "stderr",
}

type Stopped = DebugProtocol.StoppedEvent["body"]

/** The debugger's names for scopes. */
const ORDER = ["Local variables", "Arguments", GLOBALS]
const TEMPORARIES = "Temporaries"

/** What lets a stopped program go on. */
const RESUMING = ["continue", "next", "stepIn", "stepOut"]

/** One debug session. */
export class DebugAdapter implements DebugTargetListener {
    readonly #channel: Channel
    readonly #debuggees: Debuggees
    #client: DebugProtocol.InitializeRequestArguments = {
        adapterID: "devicescript",
    }
    #debuggee?: Debuggee
    #debug?: DebugServer
    #stopOnEntry = false
    /** The program is stopped, as the dev server's debugger has it. */
    #halted = true
    /** The program is being stopped for a moment, unless it stops by itself before. */
    #interruption?: (byUs: boolean) => void
    /** The user wants it to stop. */
    #pausing = false
    /** What needs the program stopped: one after the other. */
    #turn: Promise<unknown> = Promise.resolve()
    readonly #breakpoints = new Breakpoints()
    #over = false

    constructor(channel: Channel, debuggees: Debuggees) {
        this.#channel = channel
        this.#debuggees = debuggees
        channel.onmessage = message => {
            if (message.type === "request") void this.#answer(message)
        }
    }

    async #answer(request: Request) {
        const { seq, command } = request
        const head = { type: "response", request_seq: seq, command } as const
        try {
            const body = await this.#handle(request)
            this.#channel.send({ ...head, success: true, body })
            if (this.#isWithoutDebugger(command)) this.#event("initialized")
        } catch (error) {
            const { message } = error as Error
            const body = { error: { id: 1, format: message, showUser: true } }
            this.#channel.send({ ...head, success: false, message, body })
        }
    }

    #isWithoutDebugger(command: string): boolean {
        return ["launch", "attach"].includes(command) && !this.#debug
    }

    async #handle(request: Request): Promise<unknown> {
        const { command, arguments: args } = request
        switch (command) {
            case "initialize":
                return this.#initialize(args)
            case "launch":
            case "attach":
                return this.#start({ ...args, request: command })
            case "disconnect":
                return this.end()
        }
        if (!this.#debug) return this.#withoutDebugger(command, args)
        switch (command) {
            case "setBreakpoints":
                return this.#inTurn(() => this.#setBreakpoints(args))
            case "scopes":
                return this.#scopes(args)
            case "evaluate":
                return this.#evaluate(args)
            case "pause":
                this.#pausing = true
        }
        if (this.#resumes(command)) this.#halted = false
        return this.#debug.pass(command, args)
    }

    #initialize(args: DebugProtocol.InitializeRequestArguments) {
        if (args.linesStartAt1 === false || args.columnsStartAt1 === false)
            throw new Error("expected lines and columns that begin at 1")
        this.#client = { pathFormat: "path", ...args }
        return CAPABILITIES
    }

    #resumes(command: string): boolean {
        if (command === "configurationDone") return !this.#stopOnEntry
        return RESUMING.includes(command)
    }

    /** Enough for a client that wants to run the program only. */
    #withoutDebugger(
        command: string,
        args?: Partial<DebugProtocol.SetBreakpointsArguments>
    ) {
        if (!this.#debuggee) throw new Error(`${command}: no program runs yet`)
        const message = "the program runs without a debugger"
        switch (command) {
            case "threads":
                return { threads: [{ id: 1, name: "program" }] }
            case "configurationDone":
            case "setExceptionBreakpoints":
                return undefined
            case "setBreakpoints":
                return { breakpoints: unverified(args?.breakpoints, message) }
        }
        throw new Error(message)
    }

    async #start(start: Start) {
        try {
            this.#debuggee = await this.#debuggees.open(start, this)
        } catch (error) {
            throw this.#explain(error as Error)
        }
        const { deviceId, page } = this.#debuggee
        this.#event("devicescript.problems", { problems: [] })
        if (page) this.#event("devicescript.page", { url: page })
        if (start.noDebug) return undefined
        this.#debug = await DebugServer.connect()
        this.#debug.onevent = event => void this.#forward(event)
        void this.#debug.closed.then(() => this.terminated())
        this.#stopOnEntry = start.stopOnEntry ?? false
        await this.#debug.request("initialize", this.#client)
        return this.#debug.request(start.request, {
            ...{ deviceId, stopOnEntry: this.#stopOnEntry },
        })
    }

    #explain(error: Error): Error {
        if (!(error instanceof UserError))
            return new Error(error.stack ?? error.message)
        if (!(error instanceof BuildError)) return error
        this.#event("devicescript.problems", { problems: error.problems })
        this.#output("stderr", error.message)
        const { length } = error.problems
        return new Error(
            `${error.message.split(":\n")[0]}: ${length} ${length === 1 ? "problem" : "problems"}, see the Problems view or the debug console`
        )
    }

    /** Ends the session, as when the client says that it leaves. May be called again. */
    async end(): Promise<undefined> {
        this.#over = true
        this.#debug?.close()
        await this.#debug?.closed
        await this.#debuggees.close()
        return undefined
    }

    async #forward({ event, body }: Event) {
        // of output it has only its own protocol
        if (event === "output") return
        if (event === "terminated") return this.terminated()
        if (event === "stopped") {
            // a pause that is asked for meanwhile wins
            if (!(await this.#stops(body)) && !this.#pausing)
                return this.#goOn()
            if (this.#isInterruption(body.reason)) return
        }
        this.#event(event, body)
    }

    /**
     * Whether a breakpoint holds. Where there is none, the VM (2.16.4, `devs_vm_chk_brk`) has read on behind the end of its list
     * of breakpoints, and has taken what lies there for one.
     */
    async #stops({ reason, threadId }: Stopped): Promise<boolean> {
        if (reason !== "breakpoint" || this.#pausing) return true
        const debug = this.#debug!
        const { stackFrames } = await debug.request("stackTrace", {
            threadId: threadId!,
            levels: 1,
        })
        const [{ id, source, line }] = stackFrames
        const path = source?.path ?? ""
        const scope = new FrameScope(debug, id)
        const outcomes = await this.#breakpoints.pass(path, line, scope)
        for (const { says } of outcomes)
            if (says) this.#output("console", says, { path, line })
        return outcomes.some(({ stops }) => stops)
    }

    async #goOn() {
        if (!this.#isInterruption("pause"))
            await this.#debug!.request("continue", undefined)
    }

    #isInterruption(reason: string): boolean {
        const interruption = this.#interruption
        const byUs = reason === "pause" && !this.#pausing
        this.#halted = true
        this.#pausing = false
        this.#interruption = undefined
        interruption?.(byUs)
        return interruption !== undefined && byUs
    }

    #inTurn<T>(action: () => Promise<T>): Promise<T> {
        const done = this.#turn.then(action)
        this.#turn = done.catch(() => {})
        return done
    }

    async #setBreakpoints({
        source,
        breakpoints = [],
    }: DebugProtocol.SetBreakpointsArguments) {
        const plan = this.#breakpoints.plan(
            this.#debuggee!.program,
            source.path ?? "",
            breakpoints
        )
        const known = await this.#whileHalted(() =>
            this.#debug!.request("setBreakpoints", {
                source,
                breakpoints: plan.lines.map(line => ({ line })),
            })
        )
        return { breakpoints: plan.set(known.breakpoints) }
    }

    /** The dev server takes breakpoints of a stopped program only; a running one stops with its next statement. */
    async #whileHalted<T>(action: () => Promise<T>): Promise<T> {
        if (this.#halted) return action()
        const debug = this.#debug!
        const stopped = new Promise<boolean>(
            done => (this.#interruption = done)
        )
        await debug.request("pause", undefined)
        const byUs = await Promise.race([stopped, debug.closed])
        try {
            return await action()
        } finally {
            if (byUs === true) {
                this.#halted = false
                await debug.request("continue", undefined)
            }
        }
    }

    /** The first one an editor shows open; nobody wants to see the compiler's own variables. */
    async #scopes(args: DebugProtocol.ScopesArguments) {
        const { scopes } = await this.#debug!.request("scopes", args)
        const order = (name: string) => ORDER.indexOf(name)
        return {
            scopes: scopes
                .filter(({ name }) => name !== TEMPORARIES)
                .sort((a, b) => order(a.name) - order(b.name)),
        }
    }

    async #evaluate({ expression, frameId }: DebugProtocol.EvaluateArguments) {
        if (frameId === undefined)
            return this.#inTurn(() => this.#evaluateGlobally(expression))
        const scope = new FrameScope(this.#debug!, frameId)
        const { value, variablesReference } = await evaluate(expression, scope)
        return { result: value, variablesReference }
    }

    async #evaluateGlobally(expression: string) {
        const halted = this.#halted
        const { value, variablesReference } = await this.#whileHalted(
            async () => {
                const scope = await FrameScope.ofGlobals(this.#debug!)
                if (!scope) throw new Error("the program has not begun yet")
                return evaluate(expression, scope)
            }
        )
        // of what runs on the parts are gone
        return {
            result: value,
            variablesReference: halted ? variablesReference : 0,
        }
    }

    terminated(restart = false) {
        if (this.#over) return
        this.#over = true
        this.#event("terminated", restart ? { restart } : undefined)
    }

    log({ level, text, source }: LogEvent) {
        const category = CATEGORIES[level]
        if (category) this.#output(category, text, placeOf(source))
    }

    note(text: string) {
        this.#output("console", text)
    }

    ended(why: string) {
        this.#output("stderr", `the program ended: ${why}`)
        this.terminated()
    }

    failed(why: string) {
        this.#output("stderr", why)
        this.terminated()
    }

    #output(category: string, text: string, place?: Place) {
        const { path, ...position } = place ?? {}
        const source = path && { source: { path }, ...position }
        this.#event("output", { category, output: `${text}\n`, ...source })
    }

    #event(event: string, body?: object) {
        this.#channel.send({ type: "event", event, body })
    }
}

interface Place {
    /** Absolute */
    path: string
    line: number
    column?: number
}

/** @param text in the sources, `src/app/app.ts:12:5` */
function placeOf(text = ""): Place | undefined {
    const [, path, line, column] = /^(.*):(\d+):(\d+)$/.exec(text) ?? []
    if (path === undefined) return undefined
    return {
        path: join(PROJECT, path),
        line: Number(line),
        column: Number(column),
    }
}

function unverified(breakpoints: unknown[] = [], message: string) {
    return breakpoints.map(() => ({ verified: false, message }))
}
