import { Message } from "../protocol/message"

/** What a message has in JSON; undefined when it is none. */
export function json(message: Message): any {
    try {
        return JSON.parse(message.text())
    } catch {
        return undefined
    }
}
