import type { Connection } from "./connection.ts"

/** The open connections of a server. */
export class ConnectionSet extends Set<Connection> {
    #emptied = () => {}

    override delete(connection: Connection): boolean {
        const deleted = super.delete(connection)
        if (this.size === 0) this.#emptied()
        return deleted
    }

    /** Pings all; to be called again when the pongs are due. */
    heartbeat(): void {
        for (const connection of this) connection.heartbeat()
    }

    /**
     * Closes all with 1001 (going away, RFC 6455 section 7.4.1), and drops those that have not answered in time. Resolves
     * when none is left.
     * @param timeout milliseconds
     */
    async close(timeout: number): Promise<void> {
        if (this.size === 0) return
        const emptied = new Promise<void>(resolve => (this.#emptied = resolve))
        for (const connection of this)
            connection.close(1001, "server is shutting down")
        const deadline = setTimeout(() => {
            for (const connection of this) connection.terminate()
        }, timeout)
        await emptied
        clearTimeout(deadline)
    }
}
