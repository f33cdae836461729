extension PageStyle {
    /// What the page of a network adds.
    static let network = """
        .view{max-height:min(80vh,60rem);overflow:auto;cursor:grab;padding:0}.view.moving{cursor:grabbing;user-select:none}
        .drawing{display:block;margin:0 auto;flex:none}
        html:not(.script) .view .drawing{max-width:100%;height:auto}
        .drawing .unit[data-u]{cursor:pointer}
        .drawing .unit:focus{outline:none}
        .drawing .unit:focus-visible>:is(.box,.frame),.drawing .unit:focus-visible:not(:has(>.box,>.frame))>.chip,.drawing .unit:hover>:is(.box,.frame){stroke:var(--accent);
        stroke-width:2.4}
        .drawing .unit[aria-current]>:is(.box,.frame),.drawing .unit[aria-current]:not(:has(>.box,>.frame))>.chip{stroke:var(--accent);stroke-width:2.8}
        .finder{position:relative;display:inline-block}
        #hits{position:absolute;z-index:5;left:0;top:100%;width:min(34rem,86vw);max-height:20rem;overflow:auto;
        background:var(--panel);border:1px solid var(--line);border-radius:.4rem;box-shadow:0 4px 14px #0003}
        #hits li{padding:.25rem .6rem;cursor:pointer}
        #hits li[aria-selected=true],#hits li:hover{background:light-dark(#e8f1f9,#1d3346)}
        .zoom{display:inline-flex;gap:.3rem;margin-left:auto}
        #keys{font-size:.85rem;margin-top:.4rem}
        .detail{border:1px solid var(--line);border-radius:.7rem;background:var(--panel);padding:1rem 1.2rem;margin-top:.8rem}
        .detail h3{margin:0 0 .5rem}.detail h4{margin:1rem 0 .5rem}
        .detail .facts{grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));margin:.4rem 0 .9rem}
        .detail select{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:.3rem;
        max-width:20rem}
        .detail tr[aria-current]>*{background:light-dark(#e8f1f9,#1d3346)}
        .weights{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem 1.4rem}
        .weight figcaption{font-size:.85rem;margin-bottom:.3rem}
        .bars{width:100%;height:auto;max-width:22rem}.bars .bar{fill:light-dark(#5b93c9,#5f9bd4)}
        .bars .axis{fill:none;stroke:var(--muted)}.bars text{font:11px var(--sans);fill:var(--muted)}
        .flow{width:100%;min-width:44rem;height:auto}
        button.link{background:none;border:0;padding:0;color:var(--accent);text-decoration:underline;text-align:left}
        .findings li{padding:.45rem .8rem;border-left:.25rem solid var(--line);margin-bottom:.4rem;background:var(--panel)}
        .findings li.error{border-color:var(--bad)}.findings li.warning{border-color:light-dark(#c98a00,#e0b040)}
        .family{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:1rem 2rem}
        .deviations h3{color:var(--bad)}
        details>summary{cursor:pointer;margin:.7rem 0}
        @media (max-width:40rem){.zoom{margin-left:0}.controls{position:relative}.finder{position:static}#hits{width:auto;right:0}
        .view{max-height:70vh}}
        @media print{.view{overflow:visible;max-height:none;border:0}
        .view .drawing{width:100%;height:auto;max-height:24cm}.flow{min-width:0}#network,#blocks,#stages{break-inside:auto}}

        """
}
