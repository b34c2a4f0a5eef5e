/// How the page looks, in light and in dark, wide and narrow.
enum PageStyle {
    static let css = """
        :root {
          --paper: #fff; --ink: #1c2024; --faint: #667; --rule: #d5d9de; --grid: #e8ebee; --card: #f6f7f9;
          --bad: #d3152a; --good: #14774a; --restart: #1c2024; --pause: #7a4b00;
          --g0: #2f6fd0; --g1: #1f9360; --g2: #8058cf; --g3: #b98300; --g4: #0e8f9c; --g5: #80705f; --g6: #8a929b;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #14171a; --ink: #e6e9ec; --faint: #9aa3ac; --rule: #3a4148; --grid: #262b30; --card: #1d2125;
            --bad: #ff5a66; --good: #55cf94; --restart: #e6e9ec; --pause: #f0b95a;
            --g0: #6ea6ff; --g1: #4fc98f; --g2: #b594ff; --g3: #e3b04a; --g4: #4cc6d3; --g5: #b9a58f; --g6: #8a929b;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2rem) 3rem; max-width: 84rem;
          background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
        }
        h1 { font-size: clamp(1.1rem, 2.6vw, 1.5rem); line-height: 1.3; margin: 0 0 .25rem; }
        h1.good { color: var(--good); }
        h1.bad { color: var(--bad); }
        h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
        header p { margin: 0; color: var(--faint); overflow-wrap: anywhere; }
        figure { margin: 1rem 0 0; position: relative; }
        canvas { display: block; width: 100%; height: clamp(300px, 44vw, 480px); touch-action: pan-y; }
        figcaption { color: var(--faint); font-size: .85rem; display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; }
        figcaption p { margin: .25rem 0 0; flex-basis: 100%; }
        figcaption span { white-space: nowrap; }
        figcaption i { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .4em; }
        figcaption i.line { width: 0; border-radius: 0; height: 1em; border-left: 2px dashed var(--restart); vertical-align: -.15em; }
        .cross { color: var(--bad); margin-right: .3em; }
        .g0 { background: var(--g0); } .g1 { background: var(--g1); } .g2 { background: var(--g2); }
        .g3 { background: var(--g3); } .g4 { background: var(--g4); } .g5 { background: var(--g5); }
        #tip {
          position: absolute; pointer-events: none; max-width: min(26rem, 90%); padding: .3rem .55rem; border-radius: 4px;
          background: var(--ink); color: var(--paper); font-size: .8rem; overflow-wrap: anywhere; z-index: 1;
        }
        .wide { overflow-x: auto; margin-bottom: .75rem; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .2rem .9rem .2rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
        th { font-weight: 600; color: var(--faint); border-color: var(--rule); vertical-align: bottom; }
        th:first-child, td:first-child { text-align: left; }
        ul { padding-left: 1.1rem; margin: 0; color: var(--bad); overflow-wrap: anywhere; }
        details { margin-top: 1.75rem; }
        summary { cursor: pointer; color: var(--faint); }
        pre { overflow-x: auto; background: var(--card); padding: .75rem; border-radius: 4px; font-size: .8rem; line-height: 1.4; }
        @media (max-width: 600px) {
          body { font-size: 14px; }
          table { font-size: 13px; }
          th, td { padding-right: .45rem; }
          th, td:first-child { white-space: normal; }
        }
        """
}
