import type { Behavior } from "../websocket/connection.ts"
import type { Mode, ModeContext } from "./mode.ts"
import { plotter } from "./plotter.ts"

/** What is done with a page that shows the plot. */
export const pageBehavior = (context: ModeContext): Behavior =>
    behaviorOf(plotter, context)

/** What is done with a device: the plot takes the lines that are meant for it, the mode does all else. */
export function deviceBehavior(mode: Mode, context: ModeContext): Behavior {
    const behavior = behaviorOf(mode, context)
    const { devices } = context.plot
    return {
        ...behavior,
        open(connection, request) {
            const identity = context.identityOf(request.socket)
            devices.add(connection, request.headers, identity)
            behavior.open?.(connection, request)
        },
        message(connection, message) {
            if (!devices.take(connection, message))
                behavior.message?.(connection, message)
        },
        close(connection) {
            devices.remove(connection)
            behavior.close?.(connection)
        },
    }
}

function behaviorOf(mode: Mode, context: ModeContext): Behavior {
    return {
        open: (connection, request) =>
            mode.open?.(connection, context, request),
        message: (connection, message) =>
            mode.message?.(connection, message, context),
        drained: connection => mode.drained?.(connection, context),
        close: connection => mode.close?.(connection, context),
    }
}
