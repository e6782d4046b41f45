/** What a real modem would not do, or only on a bad day. */
export interface ModemFaults {
    /** The modem says nothing at all. */
    silent?: boolean
    /** Its firmware has stopped: nothing helps but its power key. */
    hung?: boolean
    /** Answers every command whose text begins so with ERROR, or with what is given here; with "" not at all. */
    refuse?: { command: string | string[]; with?: string; times?: number }
    /** Puts bytes of its own into the replies of commands that begin so. */
    interject?: { command: string; where: Moment; text: string; times?: number }
    /** Spells what it says, line breaks included, in another way. */
    respell?: (said: string) => string
    /** ATE0 is taken, but changes nothing. */
    keepsEcho?: boolean
    /** Takes commands for data, but does not ask for the data. */
    noPrompt?: number
    /** Takes only so many bytes of the next piece that is sent. */
    shortWrite?: number
    /** Refuses the next so many pieces for lack of room. */
    full?: number
    /** The next so many pieces find their connection gone, of which nothing was said. */
    gone?: number
    /** A read hands out no more than this, however much is there and was asked for. */
    shortRead?: number
    /** The next so many reads hand out nothing although there is something. */
    emptyRead?: number
    /** TLS: what a read hands out comes in parts of so many bytes (SIMCom). */
    parts?: number
    /** There is no address until this was done. */
    stuck?: "radio" | "restart" | "power"
    /** After so many more bytes on the line the modem starts again. */
    rebootAfter?: number
    /** Its RTS says "not now". */
    holdOff?: boolean
}

/** Where in a reply: before it, right before or behind the prompt, behind the first half of a payload, or before the final result. */
export type Moment = "before" | "prompt" | "prompted" | "payload" | "final"
