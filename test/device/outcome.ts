import { ConnectOptions } from "../../src/websocket/connect-over"
import { expectText } from "./check"
import { connected } from "./client"
import { ping, text } from "./frames"
import { show, showFrame } from "./peer"

/** The outcome when the peer just ends the connection. */
export const END = "1006"

/** Messages, what the WebSocket sent, and the close code, after the peer has sent the pieces and ended the connection. */
async function outcome(
    pieces: Buffer[],
    options?: ConnectOptions
): Promise<string> {
    const client = await connected(options)
    const { peer } = client
    let received = ""
    client.read(message => {
        received += show(message) + "; "
    })
    for (const piece of pieces) peer.pipe.push(piece)
    peer.pipe.push(ping("end"))
    let sent = ""
    for (;;) {
        const frame = showFrame(await peer.frame())
        if (frame === "8a end") break
        sent += `> ${frame}; `
        if (frame.slice(0, 5) === "close") break
    }
    const { code, reason } = await client.finish()
    return received + sent + code + (reason && ` ${reason}`)
}

/** The outcome is the same for the bytes in one piece, byte by byte, and cut in two at every place. */
export async function expectOutcome(
    bytes: Buffer,
    expected: string,
    options?: ConnectOptions
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
    options?: ConnectOptions,
    before = ""
) {
    await expectOutcome(
        bytes.concat(text("late")),
        `${before}> close ${code} ${reason}; ${code} ${reason}`,
        options
    )
}
