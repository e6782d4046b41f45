/** One attack, in a process of its own: `attacker.ts <name> <port> <milliseconds>` prints the outcomes and their counts. */
import { ATTACKS } from "./attacks.ts"
import { ROOM_ATTACKS } from "./rooms.ts"

/** Most attempts of one attack. */
const MOST = 20_000

const [name, port, time] = process.argv.slice(2)
const attack = [...ATTACKS, ...ROOM_ATTACKS].find(
    attack => attack.name === name
)
if (!attack) throw new RangeError(`${name} is no attack`)

const end = performance.now() + Number(time)
const counts: Record<string, number> = {}
let number = 0

async function repeat(): Promise<void> {
    while (performance.now() < end && number < MOST) {
        const outcome = await attack!.run(Number(port), number++)
        counts[outcome] = (counts[outcome] ?? 0) + 1
    }
}

await Promise.all(Array.from({ length: attack.width }, repeat))
console.log(JSON.stringify(counts))
