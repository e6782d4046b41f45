/** What we believe of the network and the library over it: each has a scenario of the suite that shows it. */

/** Scenarios by name, in the order in which they are tried: the first ones say whether the others can. */
export const EXCHANGES: Record<string, string> = {
    "first-connection":
        "The board joins its network, connects, sends and receives, and closes in order.",
    unicode: "Text of every length of character comes back whole.",
    "one-byte-segments": "Replies may come byte by byte.",
    "link-reset": "A connection that is reset is noticed, and made anew.",
    "server-restart": "The board comes back after the server was restarted.",
    "silent-link":
        "A link that falls silent is noticed by the heartbeat, and the board comes back.",
    "board-reset": "After a reset the board starts its program and connects.",
}

/** What nobody but the person can do and see, with room for what it was. */
export const BY_HAND = [
    "While it connects, and once it is connected: which colour does the light have, and does it blink?",
    "Turn the Wi-Fi off (or pull the cable) for 30 s while the echo program runs, and on again: after how many seconds is there a line `open`?",
    "Give it a wrong password (WIFI_PWD): what does the log say, and which colour has the light?",
    "Pull the USB plug and put it in again: after how many seconds is it connected?",
    "Press the reset button while it is connected: does it come back?",
]
