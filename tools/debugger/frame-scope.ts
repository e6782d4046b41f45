/** Where expressions find their names in a program that is stopped. */
import type { DebugProtocol } from "@vscode/debugprotocol"
import type { DebugServer } from "./debug-server.ts"
import type { Scope } from "./expression.ts"
import type { Value } from "./values.ts"

type Variable = DebugProtocol.Variable

/** The debugger's name for what every frame sees. */
export const GLOBALS = "Global variables"

/** The variables of a frame, the innermost first. */
export class FrameScope implements Scope {
    readonly #debug: DebugServer
    readonly #frameId: number
    readonly #globalsOnly: boolean

    constructor(debug: DebugServer, frameId: number, globalsOnly = false) {
        this.#debug = debug
        this.#frameId = frameId
        this.#globalsOnly = globalsOnly
    }

    /** The global variables, which any frame leads to; undefined while no fiber has one. */
    static async ofGlobals(
        debug: DebugServer
    ): Promise<FrameScope | undefined> {
        const { threads } = await debug.request("threads", undefined)
        for (const { id: threadId } of threads) {
            const { stackFrames } = await debug.request("stackTrace", {
                ...{ threadId, levels: 1 },
            })
            if (stackFrames.length > 0)
                return new FrameScope(debug, stackFrames[0].id, true)
        }
        return undefined
    }

    async variable(name: string): Promise<Variable | undefined> {
        const { scopes } = await this.#debug.request("scopes", {
            frameId: this.#frameId,
        })
        for (const scope of scopes) {
            if (this.#globalsOnly && scope.name !== GLOBALS) continue
            const variables = await this.parts(scope)
            const found = variables.find(variable => variable.name === name)
            if (found) return found
        }
        return undefined
    }

    async parts({
        variablesReference,
    }: Pick<Value, "variablesReference">): Promise<Variable[]> {
        if (!variablesReference) return []
        const { variables } = await this.#debug.request("variables", {
            variablesReference,
        })
        return variables
    }
}
