import { WebSocket, WebSocketOptions } from "../../src/websocket/websocket"
import { expectText } from "./check"
import { ping, text } from "./frames"
import { connected, show, showFrame, Task } from "./peer"

/** The outcome when the peer just ends the connection. */
export const END = "1006"

async function allMessages(ws: WebSocket): Promise<string> {
    let shown = ""
    for (;;) {
        const message = await ws.recv()
        if (!message) return shown
        shown += show(message) + "; "
    }
}

/** Messages, what the WebSocket sent, and the close code, after the peer has sent the pieces and ended the connection. */
async function outcome(
    pieces: Buffer[],
    options?: WebSocketOptions
): Promise<string> {
    const connection = await connected(options)
    const { ws, peer } = connection
    const received = new Task(async () => await allMessages(ws))
    for (const piece of pieces) peer.pipe.push(piece)
    peer.pipe.push(ping("end"))
    let sent = ""
    for (;;) {
        const frame = showFrame(await peer.frame())
        if (frame === "8a end") break
        sent += `> ${frame}; `
        if (frame.slice(0, 5) === "close") break
    }
    const { code, reason } = await connection.finish()
    return (await received.result()) + sent + code + (reason && ` ${reason}`)
}

/** The outcome is the same for the bytes in one piece, byte by byte, and cut in two at every place. */
export async function expectOutcome(
    bytes: Buffer,
    expected: string,
    options?: WebSocketOptions
) {
    expectText(await outcome([bytes], options), expected)
    const single: Buffer[] = []
    for (let i = 0; i < bytes.length; ++i) single.push(bytes.slice(i, i + 1))
    expectText(await outcome(single, options), expected)
    for (let i = 1; i < bytes.length; ++i)
        expectText(
            await outcome([bytes.slice(0, i), bytes.slice(i)], options),
            expected
        )
}

/**
 * The bytes end the connection with a code and a reason that the peer is told, too; nothing behind them is taken.
 * @param before the outcome up to there
 */
export async function expectFailure(
    bytes: Buffer,
    code: number,
    reason: string,
    options?: WebSocketOptions,
    before = ""
) {
    await expectOutcome(
        bytes.concat(text("late")),
        `${before}> close ${code} ${reason}; ${code} ${reason}`,
        options
    )
}
