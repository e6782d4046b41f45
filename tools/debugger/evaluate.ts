/** Names and dotted paths in a program that is stopped: the VM evaluates nothing. */
import type { DebugProtocol } from "@vscode/debugprotocol"
import type { DebugServer } from "./debug-server.ts"

const PATH = /^[\p{L}_$][\p{L}\d_$]*(\.[\p{L}_$][\p{L}\d_$]*|\[\d+\])*$/u

/**
 * @param expression `this.options.url`, `messages[2].data`
 * @throws Error that says which part there is not
 */
export async function evaluate(
    debug: DebugServer,
    expression: string,
    frameId: number | undefined
): Promise<DebugProtocol.Variable> {
    const path = expression.trim()
    if (!PATH.test(path))
        throw new Error(
            `expected a name or a path such as this.options.url or list[2], got ${path}`
        )
    if (frameId === undefined)
        throw new Error(`stop the program to see what ${path} is`)
    const [name, ...members] = path.match(/[^.[\]]+|\[\d+\]/g)!
    let found = await inScope(debug, name, frameId)
    let seen = name
    for (const member of members) {
        const parts = await partsOf(debug, found.variablesReference)
        const part = parts.find(variable => variable.name === member)
        if (!part) throw new Error(`${seen} (${found.value}) has no ${member}`)
        seen += member.startsWith("[") ? member : `.${member}`
        found = part
    }
    return found
}

/** The innermost variable of a name. */
async function inScope(
    debug: DebugServer,
    name: string,
    frameId: number
): Promise<DebugProtocol.Variable> {
    const { scopes } = await debug.request("scopes", { frameId })
    for (const { variablesReference } of scopes) {
        const variables = await partsOf(debug, variablesReference)
        const found = variables.find(variable => variable.name === name)
        if (found) return found
    }
    throw new Error(`there is no ${name} here`)
}

async function partsOf(
    debug: DebugServer,
    variablesReference: number
): Promise<DebugProtocol.Variable[]> {
    if (!variablesReference) return []
    const { variables } = await debug.request("variables", {
        variablesReference,
    })
    return variables
}
