import { base64 } from "../protocol/base64"
import { HandshakeValue } from "../protocol/handshake-value"
import { percentDecode, Url } from "../protocol/url"

/**
 * Basic authentication, RFC 7617: sends user and password with the upgrade request.
 * @param user without it, user and password are those of the URL, if it has any
 * @throws RangeError for a user with a colon; TypeError from `connect` for a wrong percent-encoding in the URL
 */
export function basic(user?: string, password = ""): HandshakeValue {
    if (user && user.indexOf(":") >= 0)
        throw new RangeError("basic: the user may have no colon")
    return {
        request: (url: Url) => {
            const { userinfo } = url
            url.userinfo = undefined
            let pair = Buffer.from(`${user}:${password}`)
            if (user === undefined) {
                if (userinfo === undefined) return ""
                pair = percentDecode(userinfo)
            }
            return `Authorization: Basic ${base64(pair)}\r\n`
        },
    }
}
