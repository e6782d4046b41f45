import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { WebSocket } from "ws"
import { median } from "../../lib/statistics.ts"

/** Milliseconds after which a question counts as unanswered. */
const PATIENCE = 5000

/** Milliseconds between two questions on an open connection, and between two new connections. */
const PAUSE = 5
const NEXT = 100

/** How those who ask in earnest were served. Times are milliseconds. */
export interface Service {
    /** Median of a round trip on an open connection */
    exchange: number
    /** Median of a new connection with one round trip */
    opening: number
    asked: number
    unanswered: number
}

/** Asks until `ended` resolves: on one connection that stays, and on new ones. */
export async function serve(
    url: string,
    ended: Promise<unknown>
): Promise<Service> {
    let over = false
    void ended.then(() => (over = true))
    const exchanges: number[] = []
    const openings: number[] = []
    let unanswered = 0

    const note = async (times: number[], question: Promise<void>) => {
        const start = performance.now()
        const answered = await question.then(
            () => true,
            () => false
        )
        if (answered) times.push(performance.now() - start)
        else unanswered++
        return answered
    }
    const stay = async () => {
        let socket = await open(url)
        while (!over) {
            if (!(await note(exchanges, ask(socket)))) {
                socket.terminate()
                socket = await open(url)
            }
            await sleep(PAUSE)
        }
        socket.terminate()
    }
    const comeAndGo = async () => {
        while (!over) {
            await note(
                openings,
                open(url).then(socket =>
                    ask(socket).finally(() => socket.terminate())
                )
            )
            await sleep(NEXT)
        }
    }
    await Promise.all([stay(), comeAndGo()])
    return {
        exchange: median(exchanges) ?? NaN,
        opening: median(openings) ?? NaN,
        asked: exchanges.length + openings.length + unanswered,
        unanswered,
    }
}

async function open(url: string): Promise<WebSocket> {
    const socket = new WebSocket(url, {
        origin: "http://good.example",
        handshakeTimeout: PATIENCE,
    })
    await once(socket, "open")
    return socket.on("error", () => {})
}

async function ask(socket: WebSocket): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE)
    const answered = once(socket, "message", { signal })
    socket.send("0123456789abcdef0123456789abcdef")
    const [data] = await answered
    if (String(data) !== "fedcba9876543210fedcba9876543210")
        throw new Error("a wrong answer")
}
