extension PageScript {
    /// Says what is under the pointer, or at the next mark with the arrow keys; draws anew when something about the window has
    /// changed, and in light colours for paper.
    static let marks = """
        /* What can be pointed at, where it is, and what there is to say of it. */
        let marks = [];
        function mark(at, words, x0, x1, y0, y1) { marks.push({ at, words, x0, x1, y0, y1 }); }
        const seconds = t => t.toFixed(3) + " s";

        function say(words, px, py) {
          tip.textContent = words; tip.hidden = false;
          tip.style.top = py + 14 + "px";
          tip.style.left = Math.max(0, Math.min(px + 12, canvas.clientWidth - tip.offsetWidth)) + "px";
        }
        const hush = () => { tip.hidden = true; };

        function point(event) {
          const box = canvas.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top;
          const under = marks.filter(m => px >= m.x0 && px <= m.x1 && py >= m.y0 && py <= m.y1)
            .sort((a, b) => (a.y1 - a.y0) * (a.x1 - a.x0) - (b.y1 - b.y0) * (b.x1 - b.x0));
          const t = (px - area.left) / area.width * end, v = low + (1 - (py - area.top) / area.height) * (high - low);
          const isInside = t >= 0 && t <= end && v >= low && v <= high;
          if (!under.length && !isInside) return hush();
          say(under.length ? under[0].words : seconds(t) + ", " + time(data.lowestMicroseconds * 10 ** (v / data.decade)), px, py);
        }

        let current = -1;
        function key(event) {
          if (event.key === "Escape") return hush();
          const to = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: marks.length - 1 }[event.key];
          if (to === undefined || !marks.length) return;
          event.preventDefault();
          current = Math.max(0, Math.min(to, marks.length - 1));
          const m = marks[current];
          say(m.words, Math.max(m.x0, (m.x0 + m.x1) / 2 - 12), (m.y0 + m.y1) / 2);
        }

        canvas.addEventListener("pointermove", point);
        canvas.addEventListener("pointerdown", point);
        canvas.addEventListener("pointerleave", hush);
        canvas.addEventListener("keydown", key);
        canvas.addEventListener("blur", hush);
        new ResizeObserver(() => draw()).observe(canvas);
        window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
        const forPaper = isPrinted => document.documentElement.classList.toggle("print", isPrinted);
        window.addEventListener("beforeprint", () => { forPaper(true); draw(1000, 440, 2); });
        window.addEventListener("afterprint", () => { forPaper(false); draw(); });
        /* A table that is wider than the page can be moved with the keyboard. */
        const reach = () => document.querySelectorAll(".wide").forEach(w => {
          if (w.scrollWidth > w.clientWidth || w.scrollHeight > w.clientHeight) w.tabIndex = 0; else w.removeAttribute("tabindex");
        });
        window.addEventListener("resize", reach);
        reach();
        """
}
