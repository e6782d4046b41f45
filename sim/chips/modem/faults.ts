/** What a real modem would not do, or only on a bad day. */
export interface ModemFaults {
    /** The modem says nothing at all. */
    silent?: boolean
    /** Answers every command whose text begins so with ERROR, or with what is given here. */
    refuse?: { command: string; with?: string; times?: number }
    /** Puts bytes of its own into the replies of commands that begin so. */
    interject?: { command: string; where: Moment; text: string; times?: number }
    /** Takes commands for data, but does not ask for the data. */
    noPrompt?: number
    /** Takes only so many bytes of the next piece that is sent. */
    shortWrite?: number
    /** Refuses the next so many pieces for lack of room. */
    full?: number
    /** After so many more bytes on the line the modem starts again. */
    rebootAfter?: number
    /** Its RTS says "not now". */
    holdOff?: boolean
}

/** Where in a reply: before it, right behind the first half of a payload, or before the final result. */
export type Moment = "before" | "payload" | "final"
