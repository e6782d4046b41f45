/** What happens where a program passes a breakpoint. */
import type { DebugProtocol } from "@vscode/debugprotocol"
import { evaluate, parse, type Scope } from "./expression.ts"
import { hitCondition } from "./hit-count.ts"
import { isTrue, textOf } from "./values.ts"

/** What a passage comes to: the program stops, or there is something to tell. */
export interface Outcome {
    stops: boolean
    /** For the debug console: a log point's text, or why a condition could not be evaluated */
    says?: string
}

/** An expression in the text of a log point. */
const EXPRESSION = /\{([^{}]*)\}/g

/** A breakpoint, with its condition, hit count and text. */
export class Breakpoint {
    readonly #condition?: string
    readonly #isCounted?: (hits: number) => boolean
    readonly #message?: string
    #hits = 0

    /** @throws Error that says what is wrong with a condition, a hit count or a text */
    constructor({
        condition,
        hitCondition: count,
        logMessage,
    }: DebugProtocol.SourceBreakpoint) {
        this.#condition = condition?.trim() || undefined
        this.#message = logMessage || undefined
        if (this.#condition) parse(this.#condition)
        if (count?.trim()) this.#isCounted = hitCondition(count)
        for (const [, expression] of logMessage?.matchAll(EXPRESSION) ?? [])
            parse(expression)
    }

    /** The program is there. */
    async pass(scope: Scope): Promise<Outcome> {
        try {
            if (this.#condition) {
                const holds = isTrue(await evaluate(this.#condition, scope))
                if (!holds) return { stops: false }
            }
        } catch (error) {
            const { message } = error as Error
            // who made a mistake wants to see where
            const says = `the condition ${this.#condition} of this breakpoint: ${message}`
            return { stops: true, says }
        }
        this.#hits++
        if (this.#isCounted && !this.#isCounted(this.#hits))
            return { stops: false }
        if (this.#message === undefined) return { stops: true }
        return { stops: false, says: await filledIn(this.#message, scope) }
    }
}

/** A log point's text, with what its expressions come to, or why they do not. */
async function filledIn(message: string, scope: Scope): Promise<string> {
    let text = ""
    let end = 0
    for (const { 0: whole, 1: expression, index } of message.matchAll(
        EXPRESSION
    )) {
        const value = await evaluate(expression, scope).then(
            textOf,
            (error: Error) => `{${expression.trim()}: ${error.message}}`
        )
        text += message.slice(end, index) + value
        end = index + whole.length
    }
    return text + message.slice(end)
}
