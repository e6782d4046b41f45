import type { RoomEvent } from "../bus/room-event.ts"

/** What a room knows of another server that has members in it. */
export class RemoteServer {
    members = 0
    #opening: number
    #number: number

    /** What came before its first event is not missed: nobody was here to hear it. */
    constructor({ kind, opening, number }: RoomEvent) {
        this.#opening = opening
        this.#number = kind === "message" ? number - 1 : number
    }

    /** Follows the server's numbers. @returns messages that should have come before this event, and did not */
    lostBefore({ kind, opening, number }: RoomEvent): number {
        if (opening !== this.#opening) this.#number = 0
        this.#opening = opening
        const expected = this.#number + (kind === "message" ? 1 : 0)
        this.#number = Math.max(this.#number, number)
        return Math.max(0, number - expected)
    }
}
