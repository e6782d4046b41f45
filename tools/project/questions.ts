/** What a command asks on a terminal. */
import { createInterface } from "node:readline/promises"

/** Asks one question after the other. */
export class Questions {
    readonly #lines
    readonly #output: NodeJS.WritableStream

    constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream) {
        this.#lines = createInterface({ input, output })
        this.#output = output
    }

    /**
     * Asks again until the answer is one of them, by its number or its name.
     * @param choices what there is to choose, with a few words each; the first is taken for no answer
     */
    async choose<Name extends string>(
        what: string,
        choices: [Name, string][]
    ): Promise<Name> {
        for (;;) {
            this.#output.write(`${what}\n`)
            for (const [n, [name, words]] of choices.entries())
                this.#output.write(`  ${n + 1}  ${name.padEnd(22)} ${words}\n`)
            const answer = (await this.#lines.question("[1] ")).trim() || "1"
            const found = choices.find(
                ([name], n) => answer === name || answer === String(n + 1)
            )
            if (found) return found[0]
        }
    }

    /** @param otherwise is taken for no answer */
    async text(what: string, otherwise: string): Promise<string> {
        const answer = await this.#lines.question(`${what} [${otherwise}] `)
        return answer.trim() || otherwise
    }

    close() {
        this.#lines.close()
    }
}
