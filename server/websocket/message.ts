/** A WebSocket message as the application sees it: text is never mistaken for binary, nor the other way round. */
export type Message =
    { type: "text"; data: string } | { type: "binary"; data: Buffer }
