import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

extension ApplicationProtocol {
    /// What Hummingbird's own `run()` answers a request with: the responder's response, the `Date` and `Server` headers, a
    /// logger with the request's id, 500 for an error that nobody caught.
    func httpResponder() async throws -> HTTPChannelHandler.Responder {
        let (responder, configuration, logger, date) = (try await responder, configuration, logger, DateHeader())
        return { request, writer, channel in
            var requestLogger = logger
            requestLogger[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
            let response = try await withLogger(requestLogger) { logger in
                let context = Responder.Context(source: .init(channel: channel, logger: logger))
                var response: Response
                do {
                    response = try await responder.respond(to: request, context: context)
                } catch let error as HTTPParserError {
                    throw error
                } catch {
                    logger.debug("Unrecognised Error", metadata: ["error.type": "\(error)"])
                    response = Response(status: .internalServerError, body: .init())
                }
                response.headers[.date] = date.now
                if let name = configuration.serverName { response.headers[.server] = name }
                return response
            }
            do {
                try await writer.write(response: response.head, body: response.body)
            } catch is HTTPParserError {
                // As itself it would have the channel write a second response.
                throw ParseErrorInBody()
            }
        }
    }
}

/// A request turned out malformed while its response was being written.
private struct ParseErrorInBody: Error {}
