import NIOHTTP2

extension NIOHTTP2Errors {
    /// Whether an error of SwiftNIO's HTTP/2 handler concerns one stream only, which it has reset (RFC 9113, 5.4.2).
    ///
    /// On the connection it fires what was wrong, and not that it was a stream where that was; what can also be wrong with the connection
    /// itself, as flow control, is not here.
    static func concernsOneStream(_ error: any Error) -> Bool {
        switch error {
        case is StreamError, is ContentLengthViolated, is ContentLengthHeadersMismatch, is ContentLengthHeaderNegative,
            is ContentLengthHeaderMalformedValue, is TrailersWithoutEndStream, is ForbiddenHeaderField,
            is MissingPseudoHeader,
            is DuplicatePseudoHeader, is PseudoHeaderAfterRegularHeader, is UnknownPseudoHeader,
            is UnsupportedPseudoHeader, is InvalidPseudoHeaders, is InvalidPseudoHeaderValue, is EmptyPathHeader,
            is MissingHostHeader, is DuplicateHostHeader, is InvalidHTTP2HeaderFieldName,
            is InvalidHTTP2HeaderFieldValue, is InvalidStatusValue:
            true
        default:
            false
        }
    }
}
