import Testing

@testable import BatonCommand

@Suite struct UnitFoldersTests {
    private func name(_ text: String) throws -> UnitName { try #require(UnitName(text)) }

    @Test func theFirstFolderWinsAndDropInsGoByTheirNames() throws {
        let units = try UnitFilesOnDisk([
            "etc/web-app.service": "[Service]\nType=notify\n", "usr/web-app.service": "[Service]\nType=simple\n",
            "usr/web-app.service.d/20.conf": "[Service]\nRestart=no\n",
            "etc/web-.service.d/10.conf": "[Service]\nRestart=always\nWatchdogSec=1\n",
            "usr/web-app.service.d/10.conf": "[Service]\nWatchdogSec=2\n",
            "etc/service.d/05.conf": "[Service]\nKillMode=mixed\n",
            "usr/web-app.service.d/05.conf": "[Service]\nKillMode=process\n",
            "etc/web-app.service.d/no.txt": "[Service]\nWatchdogSec=3\n",
        ])
        let folders = UnitFolders(["\(units.path)/etc", "\(units.path)/usr"])
        let unit = try #require(try folders.unit(name("web-app")))
        #expect(unit.text(.type) == "notify")
        #expect(unit.text(.restart) == "no", "20 is after 10, wherever it is")
        #expect(unit.text(.watchdog) == "1", "of two with one name, the one of the first folder counts")
        #expect(unit.text(.killMode) == "process", "those for all services come last")
        #expect(unit.files.count == 4)
    }

    @Test func instancesComeFromTheirTemplate() throws {
        let units = try UnitFilesOnDisk([
            "app@.service": "[Service]\nType=notify\n", "app@.service.d/1.conf": "[Service]\nRestart=always\n",
            "app@b.service.d/2.conf": "[Service]\nWatchdogSec=9\n",
        ])
        let unit = try #require(try units.folders.unit(name("app@b.service")))
        #expect(unit.name.instance == "b")
        #expect(unit.text(.restart) == "always")
        #expect(unit.text(.watchdog) == "9")
        #expect(try units.folders.unit(name("app@a.service"))?.text(.watchdog) == nil)
        #expect(try units.folders.unit(name("app.service")) == nil)
    }

    @Test func maskedIsNotThereAndNeitherIsWhatLeadsNowhere() throws {
        let units = try UnitFilesOnDisk(["b/app.service": "[Service]\nType=notify\n", "a/x": ""])
        try units.link("a/app.service", to: "/dev/null")
        let folders = UnitFolders(["\(units.path)/a", "\(units.path)/b"])
        #expect(try folders.unit(name("app")) == nil)
        try units.link("a/gone.service", to: "/nowhere/gone.service")
        #expect(throws: SmallFileError.self) { try folders.unit(name("gone")) }
    }

    /// systemd passes over it, and so do the checks of other services.
    @Test func aSocketThatLeadsNowhereIsNoneOfOthersConcern() throws {
        let units = try UnitFilesOnDisk(InstalledUnits.app())
        try units.link("gone.socket", to: "/nowhere/gone.socket")
        let found = try UnitFinder(folders: units.folders).find("app.service")
        #expect(found.sockets.map(\.name.description) == ["app.socket"])
        #expect(found.unreadable.map(\.path) == ["\(units.path)/gone.socket"])
        #expect(throws: SmallFileError.self) { try UnitFinder(folders: units.folders).find("gone.socket") }
    }

    @Test(
        arguments: [
            ("SIGRTMIN+3", 37), ("RTMIN", 34), ("SIGRTMAX-2", 62), ("PWR", 30), ("SIGSTKFLT", 16), ("POLL", 29),
            ("15", 15),
            ("SIGTERM", 15), ("RTMIN+31", nil), ("RTMAX+1", nil), ("0", nil), ("65", nil), ("SIGNOT", nil),
            ("PWRX", nil),
        ] as [(String, CInt?)]
    )
    func signals(name: String, number: CInt?) { #expect(UnitText.signal(name) == number) }

    @Test func linksInASystemThatDoesNotRunStayInIt() throws {
        let units = try UnitFilesOnDisk([
            "opt/app.service": "[Service]\nType=notify\n", "etc/systemd/system/x": "",
        ])
        try units.link("etc/systemd/system/app.service", to: "/opt/app.service")
        #expect(try UnitFolders(root: units.path).unit(name("app"))?.text(.type) == "notify")
    }

    @Test func whichSocketsAServiceHas() throws {
        let units = try UnitFilesOnDisk([
            "app.socket": "[Socket]\nListenStream=1\n",
            "more.socket": "[Socket]\nListenStream=2\nService=app.service\n",
            "other.socket": "[Socket]\nListenStream=3\n", "listed.socket": "[Socket]\nListenStream=4\n",
            "app.service": "[Service]\nType=notify\nSockets=listed.socket\n",
            "listed.service": "[Service]\nType=notify\n",
        ])
        let finder = UnitFinder(folders: units.folders)
        for name in ["app", "app.service", "app.socket", "more.socket"] {
            let found = try finder.find(name)
            #expect(found.sockets.map(\.name.description) == ["app.socket", "listed.socket", "more.socket"])
            #expect(found.service?.name.description == "app.service")
        }
        let other = try finder.find("other.socket")
        #expect(other.service == nil)
        #expect(other.name.description == "other.service")
        #expect(throws: UnitFinder.Failure.self) { try finder.find("none.service") }
        #expect(throws: UnitFinder.Failure.self) { try finder.find("none.socket") }
        #expect(throws: UnitFinder.Failure.self) { try finder.find("a/b") }
    }

    @Test func instancesOfATemplateShareASocket() throws {
        let units = try UnitFilesOnDisk([
            "app.socket": "[Socket]\nListenStream=1\nService=app@a.service\n",
            "app@.service": "[Service]\nType=notify\nSockets=app.socket\n",
        ])
        let finder = UnitFinder(folders: units.folders)
        for (name, service) in [
            ("app", "app@a.service"), ("app.socket", "app@a.service"), ("app@.service", "app@a.service"),
            ("app@b", "app@b.service"),
        ] {
            let found = try finder.find(name)
            #expect(found.name.description == service)
            #expect(found.sockets.count == 1)
        }
    }

    @Test func theOnlyOneIsMeantWithoutAName() throws {
        let units = try UnitFilesOnDisk([
            "etc/systemd/system/app.socket": "[Socket]\nListenStream=1\n",
            "etc/systemd/system/app.service": "[Service]\nType=notify\n",
            "usr/lib/systemd/system/dbus.socket": "[Socket]\nListenStream=2\n",
        ])
        let finder = UnitFinder(folders: UnitFolders(root: units.path))
        #expect(try finder.findOnly().name.description == "app.service")
        try units.write("[Socket]\nListenStream=3\n", to: "etc/systemd/system/b.socket")
        #expect(throws: UnitFinder.Failure.self) { try finder.findOnly() }
        let empty = UnitFinder(folders: UnitFolders(root: "\(units.path)/nothing"))
        #expect(throws: UnitFinder.Failure.self) { try empty.findOnly() }
    }
}
