import type { Mode } from "./mode.ts"

/** Plots what data sources send over TCP: each WebSocket is a page that shows the plot. */
export const plotter: Mode = {
    port: 9877,
    path: "/",
    sourcePort: 9876,
    open: (page, { plot }) => plot.pages.open(page),
    message: (page, message, { plot }) => plot.pages.message(page, message),
    drained: (page, { plot }) => plot.pages.drained(page),
    close: (page, { plot }) => plot.pages.close(page),
}
