import { pathOf } from "../http/request.ts"
import type { Mode } from "./mode.ts"

/** Hands each message to all others that are connected to the same path: a room. */
export const relay: Mode = {
    port: 8000,
    path: "/room/",
    hasRooms: true,
    maxRate: 100,
    page: "relay",
    about: "Each message goes to all others in the same room.",
    open: (member, { relay, roomOf }, request) =>
        relay.join(member, roomOf(pathOf(request))!),
    message: (member, message, { relay }) => relay.message(member, message),
    close: (member, { relay }) => relay.leave(member),
}
