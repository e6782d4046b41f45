import { deadlineIn } from "../fiber/deadline"
import { readPiece, Rfc6455Connection } from "./rfc6455"

/** A part of a message, in the order in which it arrived. */
export interface Slice {
    /** The bytes: of one network read and one frame. Of a text they are valid so far, a character may go on in the next slice. */
    data: Buffer
    /** Text or binary. */
    isText: boolean
    /** The message begins here. */
    first: boolean
    /** The message ends here. */
    last: boolean
    /** A frame, that is a fragment of the message, ends here. */
    frameEnd: boolean
}

/**
 * Takes messages slice by slice; `slices` makes one.
 * @devsWhenUsed
 */
export class SliceReader {
    constructor(private readonly connection: Rfc6455Connection) {
        const { input, options } = connection
        if (!options.maxMessage) input.maxMessage = Infinity
        if (!options.maxFragments) input.maxFragments = Infinity
    }

    /** The next slice; as `Connection.recv` otherwise. */
    async recv(timeout?: number): Promise<Slice> {
        const { connection } = this
        const data = await readPiece(connection, deadlineIn(timeout))
        if (!data) return data as any
        const { isText, isFirst, isLast, isFrameEnd, isPending } =
            connection.input
        return {
            data,
            isText,
            first: isFirst,
            last: isLast,
            frameEnd: isFrameEnd && !isPending,
        }
    }
}

/** Messages in slices, so that they may be longer than the memory. Its `recv` takes the place of the connection's own. */
export function slices(connection: Rfc6455Connection): SliceReader {
    return new SliceReader(connection)
}
