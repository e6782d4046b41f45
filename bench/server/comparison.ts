import { median } from "../../lib/statistics.ts"
import { round, type Laying, type Round } from "./rounds.ts"
import { startServer, type Candidate, type Server } from "./servers.ts"

/** The medians of a server's rounds. */
export interface Row extends Omit<Round, "messages"> {
    name: string
}

/** A server, the processors that it has, and the load on it. */
export interface Contender {
    candidate: Candidate
    cores: string
    laying: Laying
    /** The load of the first round, where that of the others is too light for the compilers in the server */
    warmUp?: Laying
}

/** Lets servers take turns. @param rounds that count, behind one for the compilers in the servers */
export async function compare(
    contenders: Contender[],
    rounds: number
): Promise<Row[]> {
    const servers: Server[] = []
    const results: Round[][] = contenders.map(() => [])
    try {
        for (const { candidate, cores } of contenders)
            servers.push(await startServer(candidate, cores))
        for (let i = 0; i <= rounds; ++i) {
            console.error(`… round ${i} of ${rounds}`)
            for (const [n, server] of servers.entries()) {
                const { laying, warmUp = laying } = contenders[n]
                const result = await round(server, i ? laying : warmUp)
                if (i) results[n].push(result)
            }
        }
    } finally {
        for (const server of servers) await server.stop()
    }
    return servers.map(({ name }, n) => ({ name, ...medians(results[n]) }))
}

function medians(rounds: Round[]): Omit<Round, "messages"> {
    const of = (key: keyof Round) => median(rounds.map(round => round[key]))!
    return {
        rate: of("rate"),
        cpu: of("cpu"),
        generator: of("generator"),
        p99: of("p99"),
    }
}

/** A line of a table. */
export function print(name: string, ...cells: string[]): void {
    const line = cells.map(cell => cell.padStart(16)).join("")
    console.log(name.padEnd(24) + line)
}
