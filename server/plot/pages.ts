import type { Hub } from "./hub.ts"
import { PageSession } from "./session.ts"

/** What the plot needs of a page's connection. */
export interface PageConnection {
    send(message: { type: "text"; data: string }): void
    close(code: number, reason: string): void
}

/** The pages that show the plot. A page asks for each batch with an empty message. */
export class PlotPages {
    readonly #hub: Hub
    readonly #sessions = new Map<PageConnection, PageSession>()

    constructor(hub: Hub) {
        this.#hub = hub
    }

    open(page: PageConnection): void {
        const session = new PageSession(this.#hub, data =>
            page.send({ type: "text", data })
        )
        this.#sessions.set(page, session)
    }

    message(
        page: PageConnection,
        { data }: { data: ArrayLike<unknown> }
    ): void {
        if (data.length === 0) this.#sessions.get(page)?.ask()
        else page.close(1008, "expected an empty message")
    }

    /** The network has taken the batch. */
    drained(page: PageConnection): void {
        this.#sessions.get(page)?.written()
    }

    close(page: PageConnection): void {
        this.#sessions.get(page)?.end()
        this.#sessions.delete(page)
    }
}
