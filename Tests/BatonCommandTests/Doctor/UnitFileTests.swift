import Testing

@testable import BatonCommand

@Suite struct UnitFileTests {
    private func assignments(_ text: String) -> [String] {
        UnitFile(path: "f", text: text).assignments.map { "\($0.line) \($0.section) \($0.key)=\($0.value)" }
    }

    @Test func sectionsAndAssignments() {
        let text = "\u{FEFF}[Unit]\n  Description = a = b \n\n[Service]\r\nType=notify\r\nExecReload=\n"
        #expect(
            assignments(text) == ["2 Unit Description=a = b", "5 Service Type=notify", "6 Service ExecReload="]
        )
    }

    @Test func commentsAndLinesThatGoOn() {
        let text = """
            # [No]
            ; x=y
            [Service]
            ExecStart=/bin/a \\
              # in between
              --one \\
            ; too
              --two
            Environment=A=b\\\\
            Type=notify
            ExecStop=/bin/b \\
            """
        #expect(
            assignments(text) == [
                "4 Service ExecStart=/bin/a    --one    --two", "9 Service Environment=A=b\\\\",
                "10 Service Type=notify", "11 Service ExecStop=/bin/b",
            ]
        )
    }

    @Test func whatIsIgnoredIsSaid() {
        let file = UnitFile(path: "f", text: "A=b\n[Unit\nB=c\n[Unit]\nrubbish\n=x\nC=d\n")
        #expect(file.assignments.map(\.key) == ["C"])
        #expect(file.ignored.map(\.line) == [1, 2, 3, 5, 6])
        #expect(file.ignored.map(\.reason).first == "'A=b' is in no section")
    }

    @Test func theLastOneThatSystemdTakesCounts() throws {
        let text = """
            [Unit]
            StartLimitInterval=5
            StartLimitIntervalSec=20
            [Service]
            TimeoutStopSec=1min 10s
            TimeoutStopSec=rubbish
            Restart=always
            Restart=
            ExecReload=/bin/a
            ExecReload=
            ExecReload=/bin/b "c d"
            ExecReload=/bin/e
            """
        let unit = Unit(name: try #require(UnitName("app")), files: [UnitFile(path: "f", text: text)])
        #expect(unit.span(.startLimitInterval) == .finite(.seconds(20)))
        #expect(unit.span(.timeoutStop) == .finite(.seconds(70)))
        #expect(unit.text(.restart) == nil)
        #expect(
            unit.words(.execReload, Specifiers(name: unit.name)).map(\.word) == ["/bin/b", "c d", "/bin/e"]
        )
        #expect(unit.ignored.map(\.line) == [6])
    }

    @Test(arguments: [
        ("40", TimeSpan.finite(.seconds(40))), ("2min 200ms", .finite(.milliseconds(120_200))),
        ("1m30s", .finite(.seconds(90))), ("1.5s", .finite(.milliseconds(1500))), ("infinity", .infinity),
        ("0", .finite(.zero)), ("1 h", .finite(.seconds(3600))), ("90us", .finite(.microseconds(90))),
    ])
    func spans(text: String, span: TimeSpan) {
        #expect(TimeSpan(text) == span)
    }

    @Test(arguments: ["", " ", "s", "-1", "1 parsec", "1..5", "99999999999999999999y", "$X"])
    func noSpans(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test func words() {
        #expect(UnitText.words(#"/bin/a  'b c' "d\"e" f\ g "" h"#) == ["/bin/a", "b c", "d\"e", "f g", "", "h"])
        #expect(UnitText.words("") == [])
    }

    @Test func names() throws {
        #expect(UnitName("app")?.description == "app.service")
        #expect(UnitName("app.v2.socket")?.description == "app.v2.socket")
        #expect(UnitName("app.v2")?.description == "app.v2.service")
        for text in ["", "a/b", "a b.service", "@x.service", ".service", "x.timer"] { #expect(UnitName(text) == nil) }
        let instance = try #require(UnitName("web-app@blue.service"))
        #expect(instance.template?.description == "web-app@.service")
        #expect(instance.dropInNames == ["web-app@blue.service", "web-app@.service", "web-.service"])
        #expect(UnitName("a-b-c.socket")?.dropInNames == ["a-b-c.socket", "a-b-.socket", "a-.socket"])
        let specifiers = Specifiers(name: instance)
        #expect(specifiers.resolve("%t/%p-%i/%N.%n%%%x%") == "/run/web-app-blue/web-app@blue.web-app@blue.service%%x%")
    }
}
