/// What a browser is asked about a page that it shows.
enum PageCheck {
    /// A page with the other page in frames, which writes down what they say of themselves.
    static func frames(_ page: String, widths: [Int]) -> String {
        let frames = widths.map { width in
            "<iframe src=\"\(page)\" style=\"width: \(width)px; height: 900px\"></iframe>"
        }
        return """
            <!DOCTYPE html>
            <meta name="color-scheme" content="light dark">
            <style>
            /* Where there is nothing to see, nothing is drawn. */
            iframe { position: absolute; top: 0; left: 0; border: 0; }
            </style>
            <body>
            <iframe id="waiting"></iframe>
            <script>
            /* This page has been loaded when the document there is complete, and so not before all has been said. */
            let left = \(widths.count);
            const waiting = document.getElementById("waiting").contentDocument;
            waiting.open();
            addEventListener("message", event => {
              document.body.append(Object.assign(document.createElement("pre"), { textContent: event.data }));
              left -= 1;
              if (left === 0) waiting.close();
            });
            </script>
            \(frames.joined())
            """
    }

    static let javaScript = """
        const rgba = words => (words.match(/[\\d.]+/g) || []).map(Number);
        const light = c => [.2126, .7152, .0722].reduce((sum, f, i) => {
          const v = c[i] / 255;
          return sum + f * (v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
        }, 0);
        function background(e) {
          for (; e; e = e.parentElement) {
            const c = rgba(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] === 1) return c;
          }
          return [255, 255, 255];
        }
        function view() {
          document.querySelectorAll("details").forEach(d => { d.open = true; });
          const lowContrast = [], overflows = [];
          let texts = 0;
          for (const e of document.body.querySelectorAll("*:not(script):not(noscript)")) {
            const text = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent.trim()).join("");
            if (!text || !e.getClientRects().length) continue;
            texts += 1;
            const [a, b] = [light(rgba(getComputedStyle(e).color)), light(background(e))];
            const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
            if (ratio < 4.5) lowContrast.push({ text, ratio });
            if (!e.closest(".wide, pre") && (e.getBoundingClientRect().right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth))
              overflows.push(text);
          }
          const pixels = {}, all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          const style = getComputedStyle(document.documentElement), probe = document.body.appendChild(document.createElement("i"));
          for (const name of ["bad", "restart", "pause"]) {
            probe.style.color = style.getPropertyValue("--" + name);
            const [r, g, b] = rgba(getComputedStyle(probe).color);
            pixels[name] = 0;
            for (let i = 0; i < all.length; i += 4)
              if (Math.abs(all[i] - r) + Math.abs(all[i + 1] - g) + Math.abs(all[i + 2] - b) < 24) pixels[name] += 1;
          }
          probe.remove();
          const said = [];
          for (let i = 0; i < 40; i++) {
            canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
            if (tip.hidden || said.at(-1) === tip.textContent) break;
            said.push(tip.textContent);
          }
          canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
          return {
            width: innerWidth, isDark: matchMedia("(prefers-color-scheme: dark)").matches,
            scrollWidth: document.documentElement.scrollWidth, title: document.title, language: document.documentElement.lang,
            headline: document.querySelector("h1").textContent, drawn: { ...canvas.dataset }, label: canvas.getAttribute("aria-label"),
            pixels, texts, lowContrast, overflows, marks: said,
            tables: [...document.querySelectorAll("table")].map(t => ({
              caption: t.caption ? t.caption.textContent : "",
              rows: [...t.rows].map(r => [...r.cells].map(c => c.textContent)),
              unscoped: t.querySelectorAll("th:not([scope])").length,
              isReachable: t.parentElement.scrollWidth <= t.parentElement.clientWidth || t.parentElement.tabIndex === 0
            })),
            resources: performance.getEntriesByType("resource").map(e => e.name)
          };
        }
        /* When the chart has been drawn. */
        addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(() => {
          const bytes = new TextEncoder().encode(JSON.stringify(view()));
          parent.postMessage(btoa(Array.from(bytes, b => String.fromCharCode(b)).join("")), "*");
        })));
        """
}
