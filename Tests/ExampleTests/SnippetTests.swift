import Foundation
import Testing

/// What the documentation shows is compiled: it stands in an example, or in a test of one.
struct SnippetTests {
    @Test func whatIsShownIsCompiled() throws {
        let shown = try Snippet.shown()
        let origins = [
            "README.md", "Sources/BatonNIO/PipelineServer.swift", "Sources/Baton/Documentation.docc/Baton.md",
        ]
        for origin in origins {
            #expect(shown.contains { $0.place.hasPrefix(origin) }, "nothing was found in \(origin)")
        }
        let compiled = try Snippet.compiled()
        for snippet in shown {
            #expect(
                compiled.contains { snippet.isPart(of: $0) },
                "put it into Tests/Examples/Snippets, with its imports: \(snippet)"
            )
        }
    }

    @Test func layoutMakesNoDifferenceAndAWordDoes() throws {
        let page = ["```swift", "import Baton", "", "serve(on: first, and: second)", "```", "```sh", "ls", "```"]
        let snippets = Snippet.all(in: page, of: "page.md")
        let snippet = try #require(snippets.first)
        #expect(snippets.count == 1)
        #expect(snippet.place == "page.md:1")
        #expect(snippet.isPart(of: "import Baton\nfunc a() {\n    serve(\n        on: first, and: second\n    )\n}\n"))
        #expect(!snippet.isPart(of: "import Baton\nserve(on: first, and: third)\n"))
        #expect(!snippet.isPart(of: "import Systemd\nserve(on: first, and: second)\n"))
    }

    @Test func ofADiffThatIsMeantWhichComesOutOfIt() throws {
        let page = ["```diff", "+import Baton", " let a = 1", "-run()", "+serve()", "```"]
        let snippet = try #require(Snippet.all(in: page, of: "page.md").first)
        #expect(snippet.lines == ["import Baton", "let a = 1", "serve()"])
    }
}
