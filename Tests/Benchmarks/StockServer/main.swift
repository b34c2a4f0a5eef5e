// The article's routes served by Hummingbird alone: what `app` is measured against.
import ArticleRoutes
import Hummingbird
import Logging

let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080
var logger = Logger(label: "stock")
logger.logLevel = .warning
let application = Application(
    router: ArticleRouter.make(start: .now()),
    configuration: .init(address: .hostname("127.0.0.1", port: port), backlog: 4096),
    logger: logger
)
try await application.runService()
