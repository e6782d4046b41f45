/**
 * Dialogues that are spoilt at random: the driver comes back by itself, does not spin, and loses nothing in silence.
 *
 * `MUTATIONS=10000 node --import tsx --test test/networks/cellular-fuzz.test.ts` is the long run; `SEED` sets the first seed,
 * and with `MUTATIONS=1` repeats one round.
 */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { seededRandom } from "../../lib/random.ts"
import type { Modem } from "../../sim/chips/modem/modem.ts"
import { clock } from "../../sim/vm.ts"
import { MAKES, start, until, type Make } from "./cellular-board.ts"

const MUTATIONS = Number(process.env.MUTATIONS ?? 40)
const SEED = Number(process.env.SEED ?? 1)
/** The program's time goes so many times faster; its timeouts are up to 20 s. */
const PACE = 4
/** Mutations of one dialogue, and rounds at once. */
const ROUND = 8
const AT_ONCE = 3
/** Commands a second beside those that exchange something, on the average of a round. */
const MOST_COMMANDS = 20

clock.pace = PACE

/** What a modem may answer to anything. */
const ANSWERS = ["OK", "ERROR", "+CME ERROR: 3", "+CSQ: 20,99", "BUSY", "", ""]

/** Spoils what a modem says, and how it answers, until there were enough mutations. */
class Spoiler {
    left = ROUND
    readonly done: string[] = []
    private readonly random: () => number

    constructor(
        private readonly modem: Modem,
        seed: number
    ) {
        this.random = seededRandom(seed)
        modem.faults.respell = said => this.spoil(said)
    }

    private below(limit: number): number {
        return Math.floor(this.random() * limit)
    }

    private spoil(said: string): string {
        if (!this.left || this.random() > 0.15) return said
        this.left--
        const how = this.below(7)
        const at = 2 + this.below(said.length - 3)
        const spoilt = this.apply(how, said, at)
        this.done.push(`${JSON.stringify(said)} ${JSON.stringify(spoilt)}`)
        return spoilt
    }

    private apply(how: number, said: string, at: number): string {
        // another digit for a digit would be another message, which nobody can tell
        const noise = String.fromCharCode(0x80 + this.below(0x80))
        if (how === 0) return ""
        if (how === 1) return said + said
        if (how === 2) return `${said.slice(0, at)}\r\n${said.slice(at)}`
        if (how === 3) return said.slice(0, -2)
        if (how === 4) return said.slice(0, at) + noise + said.slice(at + 1)
        if (how === 5) return said.slice(0, at)
        this.modem.faults.refuse = {
            command: "",
            with: ANSWERS[this.below(ANSWERS.length)],
            times: 1 + this.below(2),
        }
        return said
    }
}

async function round(t: TestContext, make: Make, seed: number) {
    const { board, modem } = await start(t, make, {
        settings: { mode: "watch", timeout: 60_000 },
        bridge: { pace: 10 * PACE },
        modem: { pace: 10 * PACE },
    })
    const count = (beginning: string) =>
        board.log.filter(({ text }) => text.startsWith(beginning)).length
    await board.expect("echo 3", 120_000)
    const begin = { at: Date.now(), commands: modem.commands.length }
    const exchanged = count("echo")
    const spoiler = new Spoiler(modem, seed)
    try {
        await until("all mutations are done", () => !spoiler.left, 120_000)
        const before = count("echo")
        // two minutes of the program's time, and those of the last fault
        await until(
            "it exchanges again",
            () => count("echo") > before + 3,
            60_000
        )
        const seconds = ((Date.now() - begin.at) * PACE) / 1000
        const commands = modem.commands.length - begin.commands
        const exchanges = count("echo") - exchanged
        const beside = (commands - 6 * exchanges) / seconds
        assert.ok(beside < MOST_COMMANDS, `${beside} commands a second`)
        assert.equal(count("error: echo"), 0, "lost or garbled in silence")
    } catch (error) {
        throw new Error(
            [
                `SEED=${seed} (${make}): ${(error as Error).message}`,
                ...spoiler.done,
                ...board.log.slice(-30).map(({ text }) => text),
                ...modem.commands.slice(-20),
            ].join("\n"),
            { cause: error }
        )
    }
    await board.stop()
    modem.close()
}

for (const make of MAKES.filter(
    make => !process.env.MAKE || make === process.env.MAKE
))
    test(`${make}: ${MUTATIONS} mutations from seed ${SEED}`, async t => {
        const rounds = Math.ceil(MUTATIONS / ROUND)
        let next = 0
        const failures: string[] = []
        const work = async () => {
            while (next < rounds && failures.length < 5) {
                const seed = SEED + next++
                await round(t, make, seed).catch((error: Error) =>
                    failures.push(error.message)
                )
            }
        }
        await Promise.all(Array.from({ length: AT_ONCE }, work))
        assert.equal(failures.join("\n\n"), "")
    })
